#pragma once

#include <string>
#include <string_view>

namespace provrun::compare {

enum class Wrapping { raw, zlib, gzip };
/// Inflates one stream (RFC 1951, 1950, 1952; of gzip all members). Error(invalid_input) when it is
/// damaged, has other bytes behind it, or is larger than kMaxInflated.
std::string inflate_all(std::string_view data, Wrapping wrapping);

}  // namespace provrun::compare
