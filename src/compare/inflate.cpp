#include "inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "provrun/base/error.hpp"
#include "provrun/compare/compare.hpp"

namespace provrun::compare {

namespace {

struct Stream {
  explicit Stream(Wrapping wrapping) {
    const int bits = wrapping == Wrapping::raw ? -15 : wrapping == Wrapping::zlib ? 15 : 15 + 16;
    if (inflateInit2(&z, bits) != Z_OK)
      throw base::Error(base::ErrorCode::internal, "zlib cannot be set up");
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  z_stream z{};
};

}  // namespace

std::string inflate_all(std::string_view data, Wrapping wrapping) {
  Stream stream(wrapping);
  std::string out;
  std::array<char, 1 << 16> buffer;
  std::size_t taken = 0;
  while (true) {
    // avail_in is 32 bits wide.
    const auto piece = std::min<std::size_t>(data.size() - taken, 1U << 30U);
    stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data() + taken));
    stream.z.avail_in = static_cast<uInt>(piece);
    stream.z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.z.avail_out = static_cast<uInt>(buffer.size());
    const int code = inflate(&stream.z, Z_NO_FLUSH);
    const auto read = piece - stream.z.avail_in;
    const auto made = buffer.size() - stream.z.avail_out;
    taken += read;
    out.append(buffer.data(), made);
    if (out.size() > kMaxInflated)
      throw base::Error(base::ErrorCode::invalid_input, "it is too large when decompressed");
    if (code == Z_STREAM_END) {
      if (taken == data.size()) return out;
      if (wrapping != Wrapping::gzip)
        throw base::Error(base::ErrorCode::invalid_input, "compressed data ends early");
      inflateReset(&stream.z);
      continue;
    }
    if (code != Z_OK || (read == 0 && made == 0))
      throw base::Error(base::ErrorCode::invalid_input, "compressed data is damaged");
  }
}

}  // namespace provrun::compare
