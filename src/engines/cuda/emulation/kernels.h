/* The kernels as C++, by the names of their entry points, and the execution of a launch. */
#pragma once
#include <map>
#include <utility>
#include "emulate.h"
#include "../kernel/kernels.cu"

namespace emulation {

typedef std::vector<std::vector<uint8_t>> parameters;
typedef void (*entry)(const parameters &);

template <class T> T unpack(const std::vector<uint8_t> &bytes) {
  if (bytes.size() != sizeof(T)) fail(LAUNCH_FAILED, "the PTX and the source differ in the size of a parameter");
  T value;
  memcpy((void *)&value, bytes.data(), sizeof(T));
  return value;
}
template <class... P, size_t... I> void call(void (*kernel)(P...), const parameters &values, std::index_sequence<I...>) {
  if (values.size() != sizeof...(P)) fail(LAUNCH_FAILED, "the PTX and the source differ in the number of parameters");
  kernel(unpack<P>(values[I])...);
}
template <class... P> void call(void (*kernel)(P...), const parameters &values) {
  call(kernel, values, std::index_sequence_for<P...>{});
}

/* The builder of the library defines KERNELS as a list ENTRY(name) ENTRY(name) …, taken from the source. */
#define ENTRY(name) {#name, [](const parameters &values) { call(name, values); }},
inline const std::map<std::string, entry> entries = {KERNELS};
#undef ENTRY

struct launched {
  std::string name;
  entry kernel;
  int device, blocks, threads;
  size_t dynamic; /* bytes of shared memory */
  parameters values;
};

/* Each device address in the parameters is the start of an array. The fast build replaces it by the host's address. */
inline void prepare_addresses(parameters &values, int device) {
  for (auto &bytes : values)
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      address found;
      memcpy(&found, &bytes[at], 8);
      if (!is_address(found)) continue;
      region &r = region_of(found);
      if (r.owner != device) fail(ILLEGAL_ADDRESS, "memory of another device is used");
      const uint64_t offset = found - r.start;
      if (offset >= r.bytes) fail(ILLEGAL_ADDRESS, "an address is beyond the end of its memory");
#ifdef CHECKED
      const std::string name = "the array at byte " + std::to_string(offset) + " of " + std::to_string(r.bytes);
      r.declare(offset, r.bytes, name.c_str());
#else
      const uint8_t *host = r.data.get() + offset;
      memcpy(&bytes[at], &host, 8);
#endif
    }
}

inline std::vector<int> in_order(int count) {
  static uint32_t state = 1;
  const std::string order = option("EMULATED_ORDER", "forward");
  std::vector<int> result(count);
  for (int i = 0; i < count; i++) result[i] = order == "reverse" ? count - 1 - i : i;
  if (order == "random")
    for (int i = count; i > 1; i--) {
      state = state * 1664525u + 1013904223u;
      std::swap(result[i - 1], result[(state >> 8) % i]);
    }
  return result;
}

inline void run_block(const launched &l, const parameters &values, int block, size_t shared_limit) {
  now.thread = ALL_THREADS;
  now.block_start = ++now.serial;
  launch.block = block;
  launch.order = in_order(l.threads);
  launch.static_used = launch.carved = 0;
  if (shared_memory().ends) shared_memory().forget_arrays();
  l.kernel(values);
  if (launch.static_used + l.dynamic > shared_limit) fail(OUT_OF_RESOURCES, "static and dynamic shared memory exceed the limit");
  if (launch.carved + 64 < l.dynamic)
    fail(LAUNCH_FAILED, std::to_string(l.dynamic) + " bytes of shared memory are launched, " + std::to_string(launch.carved) + " used");
}

inline void run(const launched &l, size_t shared_limit) {
  if (l.name == option("EMULATED_SKIP_KERNEL", "")) return; /* to test that wrong results are found */
  shared_memory();                                          /* region 0 */
  launch.threads = l.threads;
  launch.dynamic = l.dynamic;
  launch.skipped_barrier = option("EMULATED_SKIP_BARRIER", "");
  now.launch_start = ++now.serial;
  try {
    parameters values = l.values;
    prepare_addresses(values, l.device);
    for (int block : in_order(l.blocks)) run_block(l, values, block, shared_limit);
  } catch (const failure &f) {
    const std::string thread = now.thread == ALL_THREADS ? "all threads" : "thread " + std::to_string(now.thread);
    now.thread = ALL_THREADS;
    throw failure{f.code, l.name + ", block " + std::to_string(launch.block) + ", " + thread + ": " + f.message};
  }
}

} // namespace emulation
