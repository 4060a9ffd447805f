#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace provrun::codec {

/// Compresses whole buffers into single zstd frames (RFC 8878) with content size and checksum
/// stored. Keeps its context between calls, which for small inputs is most of the cost. One thread
/// at a time.
class ZstdCompressor {
 public:
  /// level as zstd's command line: 1 (fast) to 19. Below 0 it hardly tries: what does not compress
  /// is passed through at the speed of a copy.
  explicit ZstdCompressor(int level = 3);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  /// One frame. An empty input gives a frame too.
  std::vector<std::uint8_t> compress(std::span<const std::uint8_t> input);
  /// The same into a buffer that keeps its memory between calls; returns the part that is the
  /// frame.
  std::span<const std::uint8_t> compress_into(std::span<const std::uint8_t> input,
                                              std::vector<std::uint8_t>& buffer);
  /// The same against other bytes, which the decompressor needs again, as `zstd --patch-from`. At
  /// most 64 MiB in all.
  std::span<const std::uint8_t> compress_patch(std::span<const std::uint8_t> input,
                                               std::span<const std::uint8_t> base,
                                               std::vector<std::uint8_t>& buffer);

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
  /// One frame that must fill the output exactly; throws base::Error(corruption) otherwise.
  void decompress_exactly(std::span<const std::uint8_t> frame, std::span<std::uint8_t> output);
  /// The same for a frame of compress_patch.
  void decompress_patch(std::span<const std::uint8_t> frame, std::span<const std::uint8_t> base,
                        std::span<std::uint8_t> output);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The content size a frame announces; nullopt when it tells none or is no zstd frame.
std::optional<std::uint64_t> frame_content_size(std::span<const std::uint8_t> frame);
/// Length in bytes of the zstd or skippable frame at the front of the bytes, found without
/// decompressing; 0 when there is none or it is cut short.
std::size_t frame_length(std::span<const std::uint8_t> bytes);

/// Standard base64 with padding (RFC 4648).
std::string to_base64(std::string_view bytes);
/// nullopt-free variant: throws base::Error(invalid_input) on anything but padded base64.
std::string from_base64(std::string_view text);

}  // namespace provrun::codec
