/* The driver functions for memory. */
#pragma once
#include "state.h"

#define CALL extern "C" __attribute__((visibility("default"))) int

namespace emulation {

inline size_t total_memory() { return (size_t)number_option("EMULATED_MEMORY", 8l << 30); }
inline size_t used_memory(int device) {
  size_t used = 0;
  for (const auto &r : regions)
    if (r && r->owner == device) used += r->bytes;
  return used;
}

/* Copies when the operation runs: then all memory must still be there. */
inline void copy_to_device(address to, const void *from, size_t bytes, int device) { memcpy(device_bytes(to, bytes, device), from, bytes); }
inline void copy_to_host(void *to, address from, size_t bytes, int device) { memcpy(to, device_bytes(from, bytes, device), bytes); }
inline void check_pinned(const void *at, size_t bytes) {
  if (!is_pinned(at, bytes)) fail(INVALID_VALUE, "an asynchronous copy needs memory of cuMemHostAlloc, also when it runs");
}

} // namespace emulation

using namespace emulation;

CALL cuMemGetInfo_v2(size_t *free, size_t *total) {
  return answer("cuMemGetInfo_v2", CONTEXT, [&] {
    *total = total_memory();
    *free = *total - std::min(*total, used_memory(current().device));
    return SUCCESS;
  });
}
CALL cuMemAlloc_v2(address *made, size_t bytes) {
  return answer("cuMemAlloc_v2", CONTEXT, [&] {
    forbid_capture();
    if (bytes == 0) fail(INVALID_VALUE, "an allocation has at least one byte");
    if (bytes > total_memory() - std::min(total_memory(), used_memory(current().device))) fail(OUT_OF_MEMORY, "the memory of the device is full");
    return *made = allocate(bytes, current().device).start, SUCCESS;
  });
}
CALL cuMemFree_v2(address at) {
  return answer("cuMemFree_v2", CONTEXT, [&] {
    forbid_capture();
    const region *found = find_region(at);
    if (!found || found->start != at || found->owner != current().device) fail(INVALID_VALUE, "expected the start of an allocation of this context");
    regions[(at - FIRST_ADDRESS) / REGION_ALIGNMENT].reset();
    return SUCCESS;
  });
}
CALL cuMemHostAlloc(void **made, size_t bytes, unsigned flags) {
  return answer("cuMemHostAlloc", CONTEXT, [&] {
    forbid_capture();
    if (bytes == 0 || flags > 7) fail(INVALID_VALUE, "an allocation has at least one byte and known flags");
    *made = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    memset(*made, 0xff, bytes);
    driver.pinned[(address)*made] = bytes;
    return SUCCESS;
  });
}
CALL cuMemFreeHost(void *at) {
  return answer("cuMemFreeHost", CONTEXT, [&] {
    if (!driver.pinned.erase((address)at)) fail(INVALID_VALUE, "expected memory of cuMemHostAlloc");
    free(at);
    return SUCCESS;
  });
}

CALL cuMemcpyHtoD_v2(address to, const void *from, size_t bytes) {
  return answer("cuMemcpyHtoD_v2", CONTEXT, [&] {
    forbid_capture();
    drain_blocking();
    return copy_to_device(to, from, bytes, current().device), SUCCESS;
  });
}
CALL cuMemcpyDtoH_v2(void *to, address from, size_t bytes) {
  return answer("cuMemcpyDtoH_v2", CONTEXT, [&] {
    forbid_capture();
    drain_blocking();
    return copy_to_host(to, from, bytes, current().device), SUCCESS;
  });
}
CALL cuMemcpyHtoDAsync_v2(address to, const void *from, size_t bytes, handle stream) {
  return answer("cuMemcpyHtoDAsync_v2", CONTEXT, [&] {
    const int device = current().device;
    device_bytes(to, bytes, device);
    check_pinned(from, bytes);
    enqueue(stream, [=] { check_pinned(from, bytes), copy_to_device(to, from, bytes, device); });
    return SUCCESS;
  });
}
CALL cuMemcpyDtoHAsync_v2(void *to, address from, size_t bytes, handle stream) {
  return answer("cuMemcpyDtoHAsync_v2", CONTEXT, [&] {
    const int device = current().device;
    device_bytes(from, bytes, device);
    check_pinned(to, bytes);
    enqueue(stream, [=] { check_pinned(to, bytes), copy_to_host(to, from, bytes, device); });
    return SUCCESS;
  });
}
CALL cuMemsetD8Async(address at, unsigned char value, size_t count, handle stream) {
  return answer("cuMemsetD8Async", CONTEXT, [&] {
    const int device = current().device;
    device_bytes(at, count, device);
    enqueue(stream, [=] { memset(device_bytes(at, count, device), value, count); });
    return SUCCESS;
  });
}
