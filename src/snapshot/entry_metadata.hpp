#pragma once

#include <string>

#include "provrun/base/error.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/snapshot/entry.hpp"

// The last members of a tree's line, each with a comma before it, in this order:
//   "v":"MAJOR:MINOR"          of a device
//   "h":TEXT                   names of one file have the same text
//   "a":[{"n":NAME,"v":BASE64}…]  extended attributes
//   "i":"INODE","z":TIME       inode and time of its last change, as they were read
//   "e":true                   it changed while it was read
namespace provrun::snapshot {

void append_metadata(std::string& out, const Entry& entry);
/// Error(corruption) or Error(invalid_input) when a member is not valid.
void parse_metadata(const codec::Json& line, Entry& entry);

// Of entry.cpp.
/// Error(corruption): a line of a tree has a member that is not valid.
base::Error invalid_entry(std::string_view what);
void append_time(std::string& out, std::int64_t nanoseconds);
std::int64_t parse_time(std::string_view text);
void append_name(std::string& out, std::string_view plain, std::string_view base64,
                 std::string_view bytes);
std::string parse_bytes(const codec::Json& json, std::string_view plain, std::string_view base64);

}  // namespace provrun::snapshot
