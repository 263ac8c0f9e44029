/** `GET /murmur/status` */
export interface Status {
  readonly version: string;
  readonly replica_id: number;
  readonly uptime_seconds: number;
  readonly ready: boolean;
  readonly reasons?: readonly string[];
  readonly set_aside: {
    readonly total: number;
    readonly operations: readonly {
      readonly shard: string;
      readonly origin: number;
      readonly sequence: number;
      readonly reason: string;
      readonly since: string;
    }[];
  };
  readonly catalogue_problems: { readonly total: number; readonly problems: readonly string[] };
}
