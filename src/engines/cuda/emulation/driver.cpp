/*
 * A libcuda for tests: it computes on the CPU, and is as strict as a device or stricter. Asynchronous work runs only when
 * the caller waits for it. Options are environment variables:
 *
 *   EMULATED_DEVICES=1  EMULATED_MEMORY=bytes  EMULATED_SHARED=bytes of shared memory per block  EMULATED_CAPABILITY=80
 *   EMULATED_DRIVER=12080  EMULATED_ORDER=forward|reverse|random: of threads  EMULATED_FAIL=function:n:code
 *   EMULATED_SKIP_BARRIER=file.h:line  EMULATED_LEAKS=1: print at exit what was not released
 */
#include "state.h"
#include "memory-calls.h"
#include "event-calls.h"

using namespace emulation;

CALL cuInit(unsigned flags) {
  return answer("cuInit", NOTHING, [&] {
    if (flags) fail(INVALID_VALUE, "flags are 0");
    if (number_option("EMULATED_DEVICES", 1) == 0) fail(NO_DEVICE, "there is no device");
    driver.initialized = true;
    return SUCCESS;
  });
}
CALL cuDriverGetVersion(int *version) {
  return answer("cuDriverGetVersion", NOTHING, [&] { return *version = (int)number_option("EMULATED_DRIVER", 12080), SUCCESS; });
}
CALL cuDeviceGetCount(int *count) {
  return answer("cuDeviceGetCount", INITIALIZED, [&] { return *count = (int)number_option("EMULATED_DEVICES", 1), SUCCESS; });
}

static void check_device(int device) {
  if (device < 0 || device >= number_option("EMULATED_DEVICES", 1)) fail(INVALID_DEVICE, "there is no device " + std::to_string(device));
}
CALL cuDeviceGet(int *device, int ordinal) {
  return answer("cuDeviceGet", INITIALIZED, [&] { return check_device(ordinal), *device = ordinal, SUCCESS; });
}
CALL cuDeviceGetName(char *name, int length, int device) {
  return answer("cuDeviceGetName", INITIALIZED, [&] {
    check_device(device);
    snprintf(name, length, "Emulated GPU %d", device);
    return SUCCESS;
  });
}
CALL cuDeviceTotalMem_v2(size_t *bytes, int device) {
  return answer("cuDeviceTotalMem_v2", INITIALIZED, [&] { return check_device(device), *bytes = total_memory(), SUCCESS; });
}
static long shared_limit() { return number_option("EMULATED_SHARED", 99 << 10); }

CALL cuDeviceGetAttribute(int *value, int attribute, int device) {
  return answer("cuDeviceGetAttribute", INITIALIZED, [&] {
    check_device(device);
    const int capability = (int)number_option("EMULATED_CAPABILITY", 80);
    const std::map<int, int> values = {
        {1, 1024 /* threads per block */}, {8, STATIC_SHARED}, {10, 32 /* warp */}, {12, 65536 /* registers per block */},
        {13, 1000000 /* kHz */}, {16, 4 /* multiprocessors */}, {39, 1536 /* threads per multiprocessor */},
        {75, capability / 10}, {76, capability % 10}, {81, (int)shared_limit() + 1024}, {97, (int)shared_limit()}};
    const auto found = values.find(attribute);
    if (found == values.end()) fail(INVALID_VALUE, "attribute " + std::to_string(attribute) + " is unknown");
    return *value = found->second, SUCCESS;
  });
}

CALL cuDevicePrimaryCtxRetain(handle *context, int device) {
  return answer("cuDevicePrimaryCtxRetain", INITIALIZED, [&] {
    check_device(device);
    static handle next = 0xc000;
    handle &primary = driver.primary[device];
    if (!primary) primary = next++, driver.contexts[primary].device = device;
    driver.contexts[primary].uses++;
    return *context = primary, SUCCESS;
  });
}
CALL cuDevicePrimaryCtxRelease_v2(int device) {
  return answer("cuDevicePrimaryCtxRelease_v2", INITIALIZED, [&] {
    check_device(device);
    const handle primary = driver.primary[device];
    if (!primary) fail(INVALID_CONTEXT, "the primary context is not retained");
    if (--driver.contexts[primary].uses > 0) return SUCCESS;
    driver.events.remove_of(primary), driver.graphs.remove_of(primary), driver.executables.remove_of(primary);
    driver.streams.remove_of(primary), driver.modules.remove_of(primary);
    for (auto &r : regions)
      if (r && r->owner == device) r.reset();
    driver.contexts.erase(primary);
    driver.primary.erase(device);
    return SUCCESS;
  });
}
CALL cuCtxSetCurrent(handle context) {
  return answer("cuCtxSetCurrent", INITIALIZED, [&] {
    if (context && !driver.contexts.count(context)) fail(INVALID_CONTEXT, "there is no such context");
    return current_context = context, SUCCESS;
  });
}

/* Writes into the buffer of the options CU_JIT_ERROR_LOG_BUFFER and CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES. */
static void write_log(unsigned count, const int *options, void **values, const std::string &text) {
  char *log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5) log = (char *)values[i];
    if (options[i] == 6) bytes = (size_t)values[i];
  }
  if (log && bytes) snprintf(log, bytes, "ptxas error   : %s\n", text.c_str());
}
CALL cuModuleLoadDataEx(handle *loaded, const char *image, unsigned count, const int *options, void **values) {
  return answer("cuModuleLoadDataEx", CONTEXT, [&] {
    forbid_capture();
    if (!image || (count && (!options || !values))) fail(INVALID_VALUE, "expected an image, and the values of the options");
    try {
      const ptx_module ptx = parse_ptx(image);
      if (ptx.architecture > number_option("EMULATED_CAPABILITY", 80)) fail(NO_BINARY_FOR_GPU, "the module is for newer devices");
      return *loaded = driver.modules.add({current_context, ptx}), SUCCESS;
    } catch (const failure &f) {
      write_log(count, options, values, f.message);
      throw;
    }
  });
}
CALL cuModuleGetFunction(handle *made, handle module, const char *name) {
  return answer("cuModuleGetFunction", CONTEXT, [&] {
    const auto &found = driver.modules.at(module, "module").ptx.entries;
    const auto entry = found.find(name);
    if (entry == found.end()) fail(NOT_FOUND, std::string("the module has no entry ") + name);
    if (!entries.count(name)) fail(NOT_FOUND, std::string("the emulation has no entry ") + name);
    return *made = driver.functions.add({module, name, entry->second}), SUCCESS;
  });
}
static function &function_at(handle h) {
  function &f = driver.functions.at(h, "function");
  if (driver.modules.at(f.module, "module that is loaded").owner != current_context) fail(INVALID_HANDLE, "the function is of another context");
  return f;
}
CALL cuFuncSetAttribute(handle h, int attribute, int value) {
  return answer("cuFuncSetAttribute", CONTEXT, [&] {
    function &f = function_at(h);
    if (attribute == 9 /* share of the cache, in percent */ && value >= -1 && value <= 100) return SUCCESS;
    if (attribute != 8 /* dynamic shared memory */ || value < 0 || value > shared_limit()) fail(INVALID_VALUE, "the attribute or its value is not possible");
    return f.most_dynamic = value, SUCCESS;
  });
}

static std::string size_text(unsigned x, unsigned y, unsigned z) {
  return std::to_string(x) + " x " + std::to_string(y) + " x " + std::to_string(z);
}
CALL cuLaunchKernel(handle h, unsigned blocks, unsigned blocks_y, unsigned blocks_z, unsigned threads, unsigned threads_y, unsigned threads_z,
                    unsigned dynamic, handle stream, void **values, void **extra) {
  return answer("cuLaunchKernel", CONTEXT, [&] {
    const function &f = function_at(h);
    if (blocks < 1 || blocks_y != 1 || blocks_z != 1) fail(INVALID_VALUE, f.name + " has " + size_text(blocks, blocks_y, blocks_z) + " blocks");
    if (threads < 1 || threads > (unsigned)f.entry.most_threads || threads_y != 1 || threads_z != 1)
      fail(INVALID_VALUE, f.name + " has " + size_text(threads, threads_y, threads_z) + " threads, at most " + std::to_string(f.entry.most_threads));
    if (dynamic > f.most_dynamic) fail(INVALID_VALUE, f.name + " has " + std::to_string(dynamic) + " bytes of shared memory without cuFuncSetAttribute");
    if (extra || (!values && !f.entry.parameters.empty())) fail(INVALID_VALUE, "expected pointers to the parameters");
    launched l{f.name, entries.at(f.name), current().device, (int)blocks, (int)threads, dynamic, {}};
    for (size_t i = 0; i < f.entry.parameters.size(); i++) {
      if (!values[i]) fail(INVALID_VALUE, f.name + " has a parameter that is null");
      const uint8_t *bytes = (const uint8_t *)values[i];
      l.values.emplace_back(bytes, bytes + f.entry.parameters[i]);
    }
    enqueue(stream, [l] { run(l, shared_limit()); });
    return SUCCESS;
  });
}

CALL cuGetErrorName(int code, const char **name) {
  for (const auto &known : names_of_results)
    if (known.code == code) return *name = known.name, SUCCESS;
  return *name = nullptr, INVALID_VALUE;
}
/* What the last call that failed with this code was about. */
CALL cuGetErrorString(int code, const char **text) {
  if (code != driver.code) return cuGetErrorName(code, text);
  return *text = driver.message.c_str(), SUCCESS;
}

/* Calls of a driver function until now. */
extern "C" __attribute__((visibility("default"))) int emulated_calls(const char *name) { return driver.calls[name]; }
/* What exists and was not released, or "". */
extern "C" __attribute__((visibility("default"))) const char *emulated_leaks(void) {
  static std::string text;
  size_t allocations = 0;
  for (const auto &r : regions) allocations += r && r->owner >= 0;
  const std::pair<size_t, const char *> kinds[] = {
      {allocations, "allocations"}, {driver.pinned.size(), "host allocations"}, {driver.streams.items.size(), "streams"},
      {driver.events.items.size(), "events"},
      {driver.graphs.items.size(), "graphs"}, {driver.executables.items.size(), "executable graphs"},
      {driver.modules.items.size(), "modules"}, {driver.contexts.size(), "contexts"}};
  text.clear();
  for (const auto &[count, kind] : kinds)
    if (count) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  return text.c_str();
}
__attribute__((destructor)) static void report_leaks(void) {
  if (number_option("EMULATED_LEAKS", 0) && *emulated_leaks()) fprintf(stderr, "not released: %s\n", emulated_leaks());
}
