#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/codec/zstd.hpp"
#include "provrun/store/config.hpp"
#include "provrun/store/content.hpp"

// How the bytes of one chunk stand in a pack. Plain: one zstd frame. Otherwise a skippable frame
// around what is to be undone first, so that the pack stays a valid .zst file:
//   wrapped = magic:u32 = 0x184D2A51  size:u32  method LF frame        size counts all behind it
//   method  = "patch " depth (" " chunk:HEX)+     frame is against these chunks, one after the
//   other
//           | "shuffle " width                    frame holds the chunk's bytes in planes
// The method stands in the pack's table and in the index as well.
namespace provrun::store {

/// Chunks that a new one may be stored against.
struct PatchBase {
  std::vector<ChunkId> chunks;
  std::vector<std::uint8_t> bytes;  ///< of all of them, one after the other
  int depth = 0;                    ///< the greatest of theirs; 0: none is a patch itself
};

inline constexpr int kMaximumPatchDepth = 8;
inline constexpr std::size_t kMaximumPatchBases = 4;
inline constexpr std::size_t kMaximumPatchBytes = 16 << 20;  ///< of the bases

/// Makes frames. Keeps its buffers: one thread at a time.
class FrameEncoder {
 public:
  FrameEncoder(int level, const Features& features);
  ~FrameEncoder();
  FrameEncoder(FrameEncoder&&) noexcept;

  struct Frame {
    std::span<const std::uint8_t> bytes;  ///< valid until the next call
    std::string method;                   ///< empty for a plain frame
  };
  /// Chooses by the content: pass-through of what does not compress, planes of numbers, a patch
  /// where one is possible and at most half as long. Undone again and compared before it is
  /// returned: Error(corruption) when it differs, which only bad memory or a defect can cause.
  Frame encode(std::span<const std::uint8_t> plain, const PatchBase* base);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Undoes frames. One thread at a time.
class FrameDecoder {
 public:
  /// Gives the bytes of a chunk that a patch is against.
  using ReadChunk = std::function<std::vector<std::uint8_t>(const ChunkId&)>;

  FrameDecoder();
  ~FrameDecoder();
  FrameDecoder(FrameDecoder&&) noexcept;

  /// Error(corruption) when it cannot be undone. The result's hash is the caller's to compare.
  std::vector<std::uint8_t> decode(std::span<const std::uint8_t> frame, std::uint32_t plain_limit,
                                   const ReadChunk& read_chunk);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a stored chunk is, told by its first bytes.
struct FrameHeader {
  std::string method;  ///< empty for a plain frame
  int depth = 0;       ///< of a patch; 0 otherwise
  std::vector<ChunkId> bases;
  unsigned width = 1;           ///< of a shuffle
  std::size_t header_size = 0;  ///< bytes before the zstd frame
};
/// Error(corruption) when it is neither form.
FrameHeader parse_frame_header(std::span<const std::uint8_t> frame);
/// Of a frame of so many bytes whose first kFrameStart, or all, are given.
FrameHeader parse_frame_start(std::span<const std::uint8_t> start, std::size_t frame_size);
inline constexpr std::size_t kFrameStart = 600;  ///< bytes; holds the longest method
/// Of a method's text, as tables and segments have it. Error(corruption) when it is none.
FrameHeader parse_method(std::string_view method);

}  // namespace provrun::store
