/* The driver functions for events: marks in the queue of a stream. */
#pragma once
#include "stream-calls.h"

CALL cuEventCreate(handle *made, unsigned flags) {
  return answer("cuEventCreate", CONTEXT, [&] {
    if (flags > 7) fail(INVALID_VALUE, "the flags are unknown");
    return *made = driver.events.add({current_context, 0, std::make_shared<bool>(true)}), SUCCESS;
  });
}
CALL cuEventRecord(handle h, handle stream) {
  return answer("cuEventRecord", CONTEXT, [&] {
    event &e = driver.events.at(h, "event");
    const auto reached = std::make_shared<bool>(false);
    enqueue(stream, [reached] { *reached = true; });
    e.stream = stream, e.reached = reached;
    return SUCCESS;
  });
}
/* Runs the stream as far as the event, and no further. */
CALL cuEventSynchronize(handle h) {
  return answer("cuEventSynchronize", CONTEXT, [&] {
    const event &e = driver.events.at(h, "event");
    while (!*e.reached) run_one(stream_to_wait_for(e.stream));
    return SUCCESS;
  });
}
CALL cuEventDestroy_v2(handle h) {
  return answer("cuEventDestroy_v2", CONTEXT, [&] { return driver.events.remove(h, "event"), SUCCESS; });
}
