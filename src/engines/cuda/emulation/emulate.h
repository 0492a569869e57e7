/*
 * The words of kernel/words.h for a CPU: one block after the other, and each phase is a loop over the threads of the block,
 * in an order of choice.
 *
 * A kernel that is correct gives the same results in every order. A CHECKED build also checks each access; see memory.h.
 */
#pragma once
#include "memory.h"

namespace emulation {

/* The launch that runs now, and its block. */
struct running {
  int threads = 1, block = 0;
  std::vector<int> order;                          /* of the threads */
  size_t static_used = 0, carved = 0, dynamic = 0; /* bytes of shared memory: static, dynamic in use, dynamic as launched */
  std::string skipped_barrier;                     /* file.h:line, to test that the checks find it */
};
inline running launch;

enum { STATIC_SHARED = 48 << 10, MOST_SHARED = 256 << 10 };
inline region &shared_memory() {
  static region &made = allocate(STATIC_SHARED + MOST_SHARED, -1);
  return made;
}

/* The next thread of a phase; after the last one, code between phases belongs to all threads. */
inline bool next_thread(int turn) {
  if (turn == 0 && now.thread != ALL_THREADS) fail(LAUNCH_FAILED, "a phase is in another phase");
  now.thread = turn < launch.threads ? launch.order[turn] : ALL_THREADS;
  return now.thread != ALL_THREADS;
}
inline int thread_of_phase() {
  if (now.thread == ALL_THREADS) fail(LAUNCH_FAILED, "the number of the thread is used outside of a phase");
  return now.thread;
}
inline int thread_of_once(int count) {
  if (count > launch.threads) fail(LAUNCH_FAILED, "a phase of " + std::to_string(count) + " has only " + std::to_string(launch.threads) + " threads");
  return now.thread;
}
inline void barrier(const char *file, int line) {
  if (now.thread != ALL_THREADS) fail(LAUNCH_FAILED, "a barrier is in a phase");
  if (!launch.skipped_barrier.empty()) {
    const char *slash = strrchr(file, '/');
    if (launch.skipped_barrier == std::string(slash ? slash + 1 : file) + ":" + std::to_string(line)) return;
  }
  now.serial++;
}

#ifdef CHECKED
template <class T> struct reference {
  typedef typename std::remove_const<T>::type value;
  address base;
  ptrdiff_t index;
  operator value() const { return *(const value *)access(base, index, sizeof(T), false); }
  void operator=(value v) const {
    static_assert(!std::is_const<T>::value, "the array is const");
    *(value *)access(base, index, sizeof(T), true) = v;
  }
  void operator=(const reference &other) const { *this = (value)other; }
};
template <class T> struct pointer {
  address base = 0;
  reference<T> operator[](ptrdiff_t i) const { return {base, i}; }
  explicit operator bool() const { return base != 0; }
  operator pointer<const T>() const { return {base}; }
};
template <class T> pointer<T> pointer_to(const region &r, uint64_t offset) { return {r.start + offset}; }
inline void check_alignment(address base, ptrdiff_t at, size_t bytes) {
  if ((base + at * 4) % bytes) fail(MISALIGNED_ADDRESS, "neighbours are not aligned to " + std::to_string(bytes) + " bytes");
}
template <class T> address address_of(pointer<T> p) { return p.base; }
#else
template <class T> using pointer = T *;
template <class T> T *pointer_to(const region &r, uint64_t offset) { return (T *)(r.data.get() + offset); }
inline void check_alignment(address, ptrdiff_t, size_t) {}
template <class T> address address_of(T *p) { return (address)p; }
#endif

/* An array of the block, filled with NaN. */
template <class T> pointer<T> shared_array(const char *name, uint64_t offset, size_t bytes) {
  region &shared = shared_memory();
  memset(shared.data.get() + offset, 0xff, bytes);
  if (bytes == 0) return pointer<T>{};
  shared.declare(offset, offset + bytes, name);
  return pointer_to<T>(shared, offset);
}
inline size_t take(size_t &used, size_t bytes, size_t limit, const char *name) {
  const size_t offset = used;
  used += (bytes + 15) / 16 * 16;
  if (used > limit) fail(ILLEGAL_ADDRESS, std::string("no shared memory is left for ") + name);
  return offset;
}
template <class T> pointer<T> carve(const char *name, size_t count) {
  const size_t offset = take(launch.carved, count * sizeof(T), launch.dynamic, name);
  return shared_array<T>(name, STATIC_SHARED + offset, count * sizeof(T));
}
/* The place of a SHARED array: once per block, even if the block executes the declaration again. */
struct shared_place {
  uint32_t block_start = 0;
  size_t offset = 0;
  template <class T> pointer<T> of_block(const char *name, size_t count) {
    if (block_start == now.block_start) return pointer_to<T>(shared_memory(), offset);
    block_start = now.block_start;
    offset = take(launch.static_used, count * sizeof(T), STATIC_SHARED, name);
    return shared_array<T>(name, offset, count * sizeof(T));
  }
};

/* An array of each thread. */
template <class T> struct of_threads {
  std::vector<T> values{(size_t)launch.threads};
  of_threads() { memset((void *)values.data(), 0xff, values.size() * sizeof(T)); }
  T &mine() { return values[thread_of_phase()]; }
};

} // namespace emulation

#define KERNEL(threads) static void
#define DEVICE static inline
template <class T> using global = emulation::pointer<T>;
#define THREAD (emulation::thread_of_phase())
#define THREADS (emulation::launch.threads)
#define BLOCK_INDEX (emulation::launch.block)
#define BARRIER emulation::barrier(__FILE__, __LINE__)
#define EACH(i, n) \
  for (int turn_of_##i = 0; emulation::next_thread(turn_of_##i); turn_of_##i++) \
    for (int i = emulation::now.thread; i < (n); i += emulation::launch.threads)
#define ONCE(i, n) \
  for (int turn_of_##i = 0; emulation::next_thread(turn_of_##i); turn_of_##i++) \
    if (const int i = emulation::thread_of_once(n); i < (n))
#define PRIVATE(type, name, dims) \
  struct each_##name { \
    type values dims; \
  }; \
  emulation::of_threads<each_##name> name
#define MINE(name) name.mine().values
#define SHARED(type, name, n) \
  static emulation::shared_place place_of_##name; \
  const global<type> name = place_of_##name.of_block<type>(#name, n)
#define CARVING emulation::launch.carved = 0
#define CARVE(name, n) const global<float> name = emulation::carve<float>(#name, n)

template <int V, class P> DEVICE void load_neighbours(float *to, const P &from, ptrdiff_t at) {
  emulation::check_alignment(emulation::address_of(from), at, 4 * V);
  for (int i = 0; i < V; i++) to[i] = from[at + i];
}
template <int V, class P> DEVICE void store_neighbours(const P &to, ptrdiff_t at, const float *from) {
  emulation::check_alignment(emulation::address_of(to), at, 4 * V);
  for (int i = 0; i < V; i++) to[at + i] = from[i];
}
