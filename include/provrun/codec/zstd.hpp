#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace provrun::codec {

/// Compresses whole buffers into single zstd frames (RFC 8878) with content size and checksum stored.
/// Keeps its context between calls, which for small inputs is most of the cost. One thread at a time.
class ZstdCompressor {
 public:
  /// level as zstd's command line: 1 (fast) to 19.
  explicit ZstdCompressor(int level = 3);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  /// One frame. An empty input gives a frame too.
  std::vector<std::uint8_t> compress(std::span<const std::uint8_t> input);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decompresses one frame (or several, one after the other). One thread at a time.
class ZstdDecompressor {
 public:
  ZstdDecompressor();
  ~ZstdDecompressor();
  ZstdDecompressor(ZstdDecompressor&&) noexcept;
  ZstdDecompressor& operator=(ZstdDecompressor&&) noexcept;

  /// Throws base::Error(corruption) when the bytes are no zstd frame, a checksum differs, or the
  /// result would exceed max_size.
  std::vector<std::uint8_t> decompress(std::span<const std::uint8_t> frames, std::size_t max_size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Standard base64 with padding (RFC 4648).
std::string to_base64(std::string_view bytes);
/// nullopt-free variant: throws base::Error(invalid_input) on anything but padded base64.
std::string from_base64(std::string_view text);

}  // namespace provrun::codec
