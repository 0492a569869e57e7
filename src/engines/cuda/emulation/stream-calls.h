/* The driver functions for streams and graphs. */
#pragma once
#include "memory-calls.h"

namespace emulation {

inline stream &stream_to_wait_for(handle h) {
  stream &s = driver.streams.at(h, "stream");
  if (s.owner != current_context) fail(INVALID_HANDLE, "the stream is of another context");
  if (s.capturing) {
    s.invalidated = true;
    fail(CAPTURE_UNSUPPORTED, "the stream captures a graph");
  }
  return s;
}

} // namespace emulation

CALL cuStreamCreate(handle *made, unsigned flags) {
  return answer("cuStreamCreate", CONTEXT, [&] {
    if (flags > 1) fail(INVALID_VALUE, "flags are 0 or CU_STREAM_NON_BLOCKING");
    return *made = driver.streams.add({current_context, flags == 0, {}, false, false, {}}), SUCCESS;
  });
}
/* Work that was not waited for still runs, as on a device. */
CALL cuStreamDestroy_v2(handle h) {
  return answer("cuStreamDestroy_v2", CONTEXT, [&] {
    drain(stream_to_wait_for(h));
    return driver.streams.remove(h, "stream"), SUCCESS;
  });
}
CALL cuStreamSynchronize(handle h) {
  return answer("cuStreamSynchronize", CONTEXT, [&] {
    if (h) drain(stream_to_wait_for(h));
    else drain_blocking();
    return SUCCESS;
  });
}
/* Each question lets one operation run. */
CALL cuStreamQuery(handle h) {
  return answer("cuStreamQuery", CONTEXT, [&] {
    stream &s = stream_to_wait_for(h);
    if (s.queue.empty()) return SUCCESS;
    run_one(s);
    return NOT_READY;
  });
}

CALL cuStreamBeginCapture_v2(handle h, int mode) {
  return answer("cuStreamBeginCapture_v2", CONTEXT, [&] {
    stream &s = stream_to_wait_for(h);
    if (mode < 0 || mode > 2) fail(INVALID_VALUE, "the mode is unknown");
    s.capturing = true, s.invalidated = false;
    return s.captured.clear(), SUCCESS;
  });
}
CALL cuStreamEndCapture(handle h, handle *made) {
  return answer("cuStreamEndCapture", CONTEXT, [&] {
    stream &s = driver.streams.at(h, "stream");
    if (!s.capturing) fail(INVALID_VALUE, "the stream does not capture a graph");
    s.capturing = false;
    *made = 0;
    if (s.invalidated) fail(CAPTURE_INVALIDATED, "a call that is not allowed has ended the capture");
    return *made = driver.graphs.add({current_context, std::move(s.captured)}), SUCCESS;
  });
}
CALL cuGraphInstantiateWithFlags(handle *made, handle from, unsigned long long flags) {
  return answer("cuGraphInstantiateWithFlags", CONTEXT, [&] {
    if (flags) fail(INVALID_VALUE, "flags are 0");
    return *made = driver.executables.add(driver.graphs.at(from, "graph")), SUCCESS;
  });
}
CALL cuGraphLaunch(handle executable, handle stream) {
  return answer("cuGraphLaunch", CONTEXT, [&] {
    for (const auto &node : driver.executables.at(executable, "executable graph").nodes) enqueue(stream, node);
    return SUCCESS;
  });
}
CALL cuGraphExecDestroy(handle h) {
  return answer("cuGraphExecDestroy", CONTEXT, [&] { return driver.executables.remove(h, "executable graph"), SUCCESS; });
}
CALL cuGraphDestroy(handle h) {
  return answer("cuGraphDestroy", CONTEXT, [&] { return driver.graphs.remove(h, "graph"), SUCCESS; });
}
