/** @file Types of the WebAssembly API that wasm.ts uses. Node's types omit it; the DOM's would add browser globals. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBufferLike;
    grow(pages: number): number;
  }
  class Global {
    value: number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: Record<string, Memory> });
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
