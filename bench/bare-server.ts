import Fastify from "fastify";

// What a query is compared with: the least that a Fastify server does with the same body and the same answer.

const app = Fastify();
let answer: unknown = {};
app.put("/answer", async (request) => {
  answer = request.body;
  return { result: true };
});
app.post("/collections/:collection_name/points/query", async () => answer);
const address = await app.listen({ port: 0, host: "127.0.0.1" });
process.stdout.write(`a bare route is listening on ${address}, to be compared with\n`);
process.once("SIGTERM", () => process.exit(0));
