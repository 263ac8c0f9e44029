/** A subcommand of the command line. */
export interface CliCommand {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Runs with the arguments behind its name. `helpEnd` goes behind its help. Resolves to the exit code. */
  run(argv: readonly string[], helpEnd: string): Promise<number>;
}
