/* Everything that exists in the emulated driver, by handles that are only numbers. */
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include "kernels.h"
#include "ptx.h"

namespace emulation {

typedef uint64_t handle;
typedef std::vector<std::function<void()>> work;

struct context {
  int device, uses = 0;
  int broken = SUCCESS; /* the error of a kernel: it stays until the context is gone */
};
struct module {
  handle owner; /* the context, here and below */
  ptx_module ptx;
};
struct function {
  handle module;
  std::string name;
  entry_point entry;
  size_t most_dynamic = STATIC_SHARED; /* bytes of shared memory */
};
struct stream {
  handle owner;
  bool blocking; /* waits for the default stream, and is waited for */
  std::deque<std::function<void()>> queue;
  bool capturing = false, invalidated = false;
  work captured;
};
struct event {
  handle owner, stream;
  std::shared_ptr<bool> reached; /* the stream has come to the event; true before it is recorded */
};
struct graph {
  handle owner;
  work nodes;
};

template <class T> struct table {
  std::map<handle, T> items;
  handle add(T item) {
    static handle next = 0x1000;
    return items.emplace(next += 16, std::move(item)), next;
  }
  T &at(handle h, const char *what) {
    const auto found = items.find(h);
    if (found == items.end()) fail(INVALID_HANDLE, std::string("expected the handle of a ") + what);
    return found->second;
  }
  void remove(handle h, const char *what) {
    at(h, what);
    items.erase(h);
  }
  void remove_of(handle owner) {
    for (auto i = items.begin(); i != items.end();) i = i->second.owner == owner ? items.erase(i) : std::next(i);
  }
};

struct state {
  std::recursive_mutex lock;
  bool initialized = false;
  std::map<int, handle> primary; /* by device */
  std::map<handle, context> contexts;
  table<module> modules;
  table<function> functions;
  table<stream> streams;
  table<event> events;
  table<graph> graphs, executables;
  std::map<address, size_t> pinned; /* host memory */
  std::map<std::string, int> calls; /* by function */
  int code = SUCCESS;               /* of the last error */
  std::string message;              /* its explanation */
};
inline state &driver = *new state; /* lives as long as the process, so that no order of destruction matters */
inline thread_local handle current_context = 0;

inline context &current() { return driver.contexts.at(current_context); }

/* Pinned memory that holds these bytes. */
inline bool is_pinned(const void *at, size_t bytes) {
  auto found = driver.pinned.upper_bound((address)at);
  if (found == driver.pinned.begin()) return false;
  --found;
  return (address)at + bytes <= found->first + found->second;
}

/* The host's address of `bytes` of device memory at `at`. */
inline uint8_t *device_bytes(address at, size_t bytes, int device) {
  region &r = region_of(at);
  if (r.owner != device) fail(INVALID_VALUE, "memory of another device is used");
  if (at - r.start + bytes > r.bytes) fail(INVALID_VALUE, "a copy is longer than its device memory");
  return r.data.get() + (at - r.start);
}

/* Executes the oldest operation of a stream. An error breaks the context. */
inline void run_one(stream &s) {
  const auto operation = std::move(s.queue.front());
  s.queue.pop_front();
  try {
    operation();
  } catch (const failure &f) {
    driver.contexts.at(s.owner).broken = f.code;
    throw;
  }
}
inline void drain(stream &s) {
  while (!s.queue.empty()) run_one(s);
}
/* The default stream waits for all streams that were not made with CU_STREAM_NON_BLOCKING. */
inline void drain_blocking() {
  for (auto &[h, s] : driver.streams.items)
    if (s.blocking && s.owner == current_context) drain(s);
}

/* Puts an operation on a stream, or into the graph that it captures. */
inline void enqueue(handle h, std::function<void()> operation) {
  if (h == 0) {
    drain_blocking();
    operation();
    return;
  }
  stream &s = driver.streams.at(h, "stream");
  if (s.owner != current_context) fail(INVALID_HANDLE, "the stream is of another context");
  if (s.capturing) s.captured.push_back(std::move(operation));
  else s.queue.push_back(std::move(operation));
}

/* Calls that may wait are not allowed while a stream captures. */
inline void forbid_capture() {
  for (auto &[h, s] : driver.streams.items)
    if (s.capturing) {
      s.invalidated = true;
      fail(CAPTURE_UNSUPPORTED, "the call is not allowed while a stream captures a graph");
    }
}

/* EMULATED_FAIL=name:n:code,… lets the nth call of a function fail, counted from when the variable is set; n = 0: each call. */
inline int injected(const std::string &name) {
  static std::string rules;
  static std::map<std::string, int> counts;
  const std::string wanted = option("EMULATED_FAIL", "");
  if (wanted != rules) rules = wanted, counts.clear();
  for (size_t start = 0; start < wanted.size();) {
    const size_t end = std::min(wanted.find(',', start), wanted.size());
    const std::string rule = wanted.substr(start, end - start);
    const size_t first = rule.find(':'), second = rule.rfind(':');
    start = end + 1;
    if (first == std::string::npos || rule.substr(0, first) != name) continue;
    const int n = std::stoi(rule.substr(first + 1));
    return n == 0 || ++counts[name] == n ? std::stoi(rule.substr(second + 1)) : SUCCESS;
  }
  return SUCCESS;
}

enum needs { NOTHING, INITIALIZED, CONTEXT };

/* Does what all driver functions have in common: counting, injected errors, the state that they need, reporting. */
template <class Body> int answer(const char *name, needs need, Body body) {
  const std::lock_guard<std::recursive_mutex> guard(driver.lock);
  driver.calls[name]++;
  try {
    if (const int code = injected(name)) fail((result)code, "an error as EMULATED_FAIL asks for");
    if (need >= INITIALIZED && !driver.initialized) fail(NOT_INITIALIZED, "cuInit was not called");
    if (need == CONTEXT) {
      if (!driver.contexts.count(current_context)) fail(INVALID_CONTEXT, "no context is current on this thread");
      if (current().broken) return current().broken;
    }
    return body();
  } catch (const failure &f) {
    driver.code = f.code;
    driver.message = f.message;
    return f.code;
  }
}

} // namespace emulation
