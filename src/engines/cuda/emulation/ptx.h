/* What the driver takes from the text of a PTX module: its target, and the entry points with their parameters. */
#pragma once
#include <map>
#include <string>
#include <vector>
#include "failure.h"

namespace emulation {

struct entry_point {
  int most_threads = 1024;
  std::vector<size_t> parameters; /* bytes */
};
struct ptx_module {
  int architecture = 0; /* 75: sm_75 */
  std::map<std::string, entry_point> entries;
};

/* `.param .u32 name` or `.param .align 8 .b8 name[360]` */
inline size_t bytes_of_parameter(const std::string &declaration) {
  const size_t bracket = declaration.find('[');
  if (bracket != std::string::npos) return std::stoul(declaration.substr(bracket + 1));
  for (const char *type : {".u64", ".b64", ".s64", ".f64"})
    if (declaration.find(type) != std::string::npos) return 8;
  for (const char *type : {".u32", ".b32", ".s32", ".f32"})
    if (declaration.find(type) != std::string::npos) return 4;
  fail(INVALID_PTX, "a parameter has an unknown type: " + declaration);
}

inline entry_point parse_entry(const std::string &head) {
  entry_point entry;
  const size_t open = head.find('('), close = head.find(')');
  if (open == std::string::npos || close == std::string::npos) fail(INVALID_PTX, "an entry has no parameter list");
  for (size_t at = head.find(".param", open); at < close; at = head.find(".param", at + 1)) {
    const size_t end = std::min(head.find(',', at), close);
    entry.parameters.push_back(bytes_of_parameter(head.substr(at, end - at)));
  }
  for (const char *directive : {".maxntid", ".reqntid"}) {
    const size_t at = head.find(directive, close);
    if (at != std::string::npos) entry.most_threads = std::stoi(head.substr(at + 8));
  }
  return entry;
}

inline ptx_module parse_ptx(const std::string &text) {
  ptx_module parsed;
  const size_t target = text.find(".target sm_");
  if (text.find(".version ") == std::string::npos || target == std::string::npos) fail(INVALID_PTX, "expected the text of a PTX module");
  parsed.architecture = std::stoi(text.substr(target + 11));
  for (size_t at = text.find(".entry "); at != std::string::npos; at = text.find(".entry ", at + 1)) {
    const std::string head = text.substr(at + 7, text.find('{', at) - at - 7);
    const size_t end = head.find_first_of(" \t\r\n(");
    parsed.entries[head.substr(0, end)] = parse_entry(head);
  }
  return parsed;
}

} // namespace emulation
