#pragma once

#include <string>
#include <string_view>

#include "provrun/base/error.hpp"

namespace provrun::compare {

/// Error(invalid_input): the bytes are not what their format asks for.
[[noreturn]] inline void fail(const char* why) {
  throw base::Error(base::ErrorCode::invalid_input, why);
}

enum class Wrapping { raw, zlib, gzip };
/// Inflates one stream (RFC 1951, 1950, 1952; of gzip all members). Error(invalid_input) when it is
/// damaged, has other bytes behind it, or is larger than kMaxInflated.
std::string inflate_all(std::string_view data, Wrapping wrapping);

}  // namespace provrun::compare
