#pragma once

#include <cstddef>
#include <cstdint>

// What the library in the observed programs and the observer share. Both come from one build, so
// there is no version. docs/design/observation.md says how they work together.
namespace provrun::trace::announcer {

/// Where ld.so looks for the library. Nothing lies there: the observer answers the open.
inline constexpr char kLibraryPath[] = "/provrun/announce.so";
/// What the library opens to get the memory that it announces into; answered as well.
inline constexpr char kRingPath[] = "/provrun/ring";

/// The page from which the library makes the calls that it announces. Below every program, above
/// what the kernel forbids (vm.mmap_min_addr), and free for the sanitizers' shadow memories.
inline constexpr std::uint64_t kPage = 0x100000;
inline constexpr std::uint64_t kPageSize = 4096;

inline constexpr std::uint32_t kChunkSize = 2048;
inline constexpr std::uint32_t kChunks = 8000;

/// Each process fills chunks of its own, so that one that is killed leaves no hole.
struct Chunk {
  std::uint32_t published;  ///< bytes of data that are whole; atomic
  std::uint32_t full;       ///< 1: its process has gone on to another; atomic
  std::int32_t owner;       ///< its process, as it calls itself; atomic
  std::uint32_t unused;
  std::uint8_t data[kChunkSize - 16];
};
static_assert(sizeof(Chunk) == kChunkSize);

struct Ring {
  std::uint32_t off;             ///< 1: paths mean something else now, announce nothing; atomic
  std::uint32_t hint;            ///< where a free chunk is likely; atomic
  std::uint64_t sequence;        ///< counts announcements; atomic
  std::uint32_t taken[kChunks];  ///< not 0: belongs to a process, or is not read yet; atomic. One
                                 ///< more than the part of the job that the process is of, which
                                 ///< is where the file stands that it has got as kRingPath
  alignas(4096) Chunk chunks[kChunks];
};

enum class Kind : std::uint8_t { open, look, look_at_link, read_link };

/// A call that was made. The path follows, absolute but not resolved, ended by NUL; the next
/// record begins at a multiple of eight.
struct Record {
  std::uint16_t size;  ///< with the path, rounded up
  Kind kind;
  std::uint8_t failed;
  std::uint32_t flags;  ///< of open
  // What an open gave, by fstat.
  std::uint32_t mode;
  std::uint32_t links;
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t bytes;
  std::int64_t mtime_ns;
  std::int64_t ctime_ns;
};
inline constexpr std::size_t kMostRecord = sizeof(Chunk::data);

}  // namespace provrun::trace::announcer
