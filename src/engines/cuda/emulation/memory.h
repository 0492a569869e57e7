/*
 * Device memory of the emulation: regions with addresses that the host cannot use, filled with NaN. In a CHECKED build each
 * access of a kernel is checked: it lies in its array, and no other thread that may run at the same time accesses the
 * same element if one of the two writes.
 */
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include "failure.h"

namespace emulation {

typedef uint64_t address;
enum : address { FIRST_ADDRESS = 1ull << 48, REGION_ALIGNMENT = 1ull << 32 }; /* so an address has the index of its region */

/* Which block and thread runs. Serial numbers count phases; each launch and each block starts a new one. */
enum { ALL_THREADS = -1, SEVERAL_THREADS = -2 };
struct position {
  uint32_t serial = 0, block_start = 0, launch_start = 0;
  int thread = ALL_THREADS;
};
inline position now;

/* The accesses of a word of 4 bytes: the last write and read, and whether an earlier block of a launch has read it. */
struct touches {
  uint32_t write_serial, read_serial, earlier_launch;
  int32_t write_thread, read_thread;
};

struct free_memory {
  void operator()(void *p) const { free(p); }
};
template <class T> using memory = std::unique_ptr<T[], free_memory>;

struct region {
  address start;
  size_t bytes;
  int owner; /* device, or -1: the shared memory of the block */
  memory<uint8_t> data;
  std::map<uint64_t, std::string> arrays; /* from the offset of the first byte to a name */
  memory<uint32_t> ends;                  /* by word: where the array that starts there ends, or 0 */
  memory<touches> touched;                /* by word */

  region(address start, size_t bytes, int owner)
      : start(start), bytes(bytes), owner(owner), data((uint8_t *)aligned_alloc(256, (bytes + 255) / 256 * 256)) {
    memset(data.get(), 0xff, bytes);
#ifdef CHECKED
    ends.reset((uint32_t *)calloc(bytes / 4 + 1, sizeof(uint32_t)));
    touched.reset((touches *)calloc(bytes / 4 + 1, sizeof(touches)));
#endif
  }

  /* An array starts at `first` and ends at `end`, or where the next array starts. */
  void declare(uint64_t first, uint64_t end, const char *name) {
    if (!ends || first % 4 || !arrays.emplace(first, name).second) return;
    const auto next = arrays.upper_bound(first);
    ends[first / 4] = (uint32_t)(next == arrays.end() ? end : std::min<uint64_t>(end, next->first));
    const auto self = arrays.find(first);
    if (self == arrays.begin()) return;
    uint32_t &end_before = ends[std::prev(self)->first / 4];
    end_before = std::min<uint32_t>(end_before, (uint32_t)first);
  }

  void forget_arrays() {
    for (const auto &[first, name] : arrays) ends[first / 4] = 0;
    arrays.clear();
  }
};

inline std::vector<std::shared_ptr<region>> regions; /* by index; empty: freed */

inline region *find_region(address at) {
  if (at < FIRST_ADDRESS) return nullptr;
  const size_t index = (at - FIRST_ADDRESS) / REGION_ALIGNMENT;
  return index < regions.size() ? regions[index].get() : nullptr;
}
inline bool is_address(address at) {
  return at >= FIRST_ADDRESS && (at - FIRST_ADDRESS) / REGION_ALIGNMENT < regions.size();
}
inline region &region_of(address at) {
  region *found = find_region(at);
  if (!found) fail(ILLEGAL_ADDRESS, at == 0 ? "a null pointer is used" : "memory is used that is freed or was never allocated");
  return *found;
}

/* Addresses are not used twice, so that memory that was freed stays unknown. */
inline region &allocate(size_t bytes, int owner) {
  const address start = FIRST_ADDRESS + regions.size() * REGION_ALIGNMENT;
  regions.push_back(std::make_shared<region>(start, bytes, owner));
  region &made = *regions.back();
  for (size_t more = REGION_ALIGNMENT; more < bytes; more += REGION_ALIGNMENT) regions.push_back(nullptr);
  return made;
}

/* Notes the access of a word, and fails if it is a race. */
inline void touch(const region &r, uint64_t offset, bool write) {
  touches &word = r.touched[offset / 4];
  const uint32_t launch_start = r.owner < 0 ? now.block_start : now.launch_start;
  const auto clashes = [&](uint32_t serial, int thread) {
    if (serial < launch_start) return false;
    return serial < now.block_start || (serial == now.serial && thread != now.thread);
  };
  const char *race = nullptr;
  if (clashes(word.write_serial, word.write_thread)) race = write ? "written twice" : "read after a write";
  else if (write && clashes(word.read_serial, word.read_thread)) race = "written after a read";
  else if (write && word.earlier_launch == launch_start) race = "written after a read of another block";
  if (race) {
    const auto next = r.arrays.upper_bound(offset);
    const auto array = next == r.arrays.begin() ? next : std::prev(next);
    fail(ILLEGAL_ADDRESS, "race: " + array->second + ", byte " + std::to_string(offset - array->first) + ", is " + race + " without a barrier");
  }
  if (write) {
    word.write_serial = now.serial;
    word.write_thread = now.thread;
    return;
  }
  if (word.read_serial >= launch_start && word.read_serial < now.block_start) word.earlier_launch = launch_start;
  const bool several = word.read_serial == now.serial && word.read_thread != now.thread;
  word.read_thread = several ? SEVERAL_THREADS : now.thread;
  word.read_serial = now.serial;
}

/* Element `index` of `size` bytes of the array at `base`. */
inline uint8_t *access(address base, ptrdiff_t index, size_t size, bool write) {
  const region &r = region_of(base);
  const uint64_t first = base - r.start, end = first % 4 || first >= r.bytes ? 0 : r.ends[first / 4];
  if (end == 0) fail(ILLEGAL_ADDRESS, "an address is used at which no array starts");
  if (first % size) fail(MISALIGNED_ADDRESS, r.arrays.at(first) + " is not aligned to its elements");
  if (index < 0 || (uint64_t)index >= (end - first) / size)
    fail(ILLEGAL_ADDRESS, r.arrays.at(first) + "[" + std::to_string(index) + "] is outside of " + std::to_string((end - first) / size) + " elements");
  touch(r, first + (uint64_t)index * size, write);
  return r.data.get() + first + (uint64_t)index * size;
}

} // namespace emulation
