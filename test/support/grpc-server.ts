import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';

/** What a server of gRPC says of its services: a number of `ServingStatus`, or a code of gRPC that it refuses with. */
export type Says = { serving: number } | { code: number; details: string };

/** A real server of gRPC whose health protocol answers as it is told; without `health` it has none. */
export async function grpcServer(says?: (service: string) => Says): Promise<{ port: number; close(): void }> {
  const server = new Server();
  if (says !== undefined) {
    const check: handleUnaryCall<Buffer, Buffer> = ({ request }, answer) => {
      // The one field of the message is a text: its tag, its length, its bytes.
      const said = says(request.subarray(2).toString());
      if ('code' in said) answer({ code: said.code, details: said.details });
      else answer(null, said.serving === 0 ? Buffer.alloc(0) : Buffer.from([0x08, said.serving]));
    };
    const bytes = (value: Buffer) => value;
    server.addService(
      {
        check: {
          path: '/grpc.health.v1.Health/Check',
          requestStream: false,
          responseStream: false,
          requestSerialize: bytes,
          requestDeserialize: bytes,
          responseSerialize: bytes,
          responseDeserialize: bytes,
        },
      },
      { check },
    );
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, close: () => server.forceShutdown() };
}

export { status as GrpcStatus };
