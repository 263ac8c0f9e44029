import type { FaultyWorld } from "./faulty-world.js";
import type { Node } from "./node.js";
import type { Fault } from "./scenario.js";

const TURN_MS = 60;
const ROTATIONS = 2;

/** Somebody acts at the broker for a time, while a replica joins by an invitation and members change their keys. */
export function actsAsImpostor(world: FaultyWorld, node: Node, { forMs, amount }: Fault): undefined {
  const { impostor, queue, nodes } = world;
  if (impostor === undefined) return undefined;
  for (let atMs = 0; atMs < forMs; atMs += TURN_MS) queue.after(atMs, () => impostor.act(queue.nowMs));
  for (let i = 0; i < ROTATIONS; i++) {
    queue.after(Math.floor(((i + amount) * forMs) / ROTATIONS), () => {
      // with its key would go the invitations of who makes one
      const others = nodes.filter((one) => one !== node);
      others[Math.floor(amount * others.length)]?.replica?.joining.renewKey();
    });
  }
  queue.after(Math.floor(forMs * amount), () => {
    const { replica, isRetired } = node;
    if (isRetired || replica === undefined || replica.standing().refusesWrites !== undefined) return;
    const invitation = replica.joining.invite(`n${nodes.length}`, queue.nowMs + 10 * forMs);
    const invited = world.addNode(nodes.length + 1, (added) => {
      added.invitation = invitation;
    });
    impostor.noteInvited(invited, invitation);
  });
  return undefined;
}
