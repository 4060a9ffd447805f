#include "provrun/trace/announcements.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>

#include "announcer/image.hpp"
#include "announcer/layout.hpp"
#include "provrun/base/error.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/trace/recorders.hpp"

namespace provrun::trace {

using announcer::Chunk;
using announcer::kChunks;
using announcer::Record;
using announcer::Ring;

namespace {

os::File memory_file(const char* name) {
  os::File file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) throw base::system_error(errno, "cannot make shared memory");
  return file;
}

template <typename T>
T load(T& value) {
  return std::atomic_ref<T>(value).load(std::memory_order_acquire);
}
template <typename T>
void store(T& value, T to) {
  std::atomic_ref<T>(value).store(to, std::memory_order_release);
}

os::FileStat stat_of(const Record& record) {
  os::FileStat stat;
  stat.device = record.device;
  stat.inode = record.inode;
  stat.size = record.bytes;
  stat.mtime_ns = record.mtime_ns;
  stat.ctime_ns = record.ctime_ns;
  stat.mode = record.mode & 07777U;
  stat.links = record.links;
  stat.type = S_ISREG(record.mode)   ? os::FileType::regular
              : S_ISDIR(record.mode) ? os::FileType::directory
              : S_ISCHR(record.mode) ? os::FileType::character_device
              : S_ISBLK(record.mode) ? os::FileType::block_device
                                     : os::FileType::fifo;
  return stat;
}

}  // namespace

struct Announcements::Reader {
  Ring* ring = nullptr;
  std::uint64_t sequence = 0;               // up to which all was read
  std::array<std::uint32_t, kChunks> at{};  // how much of each chunk was read
  std::uint32_t high = 0;                   // no chunk from here on was ever taken
  struct Ending {
    int process = 0;
    std::uint32_t mark = 0;
    std::chrono::nanoseconds since{};
  };
  std::deque<Ending> ending;

  ~Reader() {
    if (ring != nullptr) ::munmap(ring, sizeof(Ring));
  }

  // The programs may write what they like into this memory: nothing in it is believed, and what is
  // looked at is copied first.
  void read_chunk(std::uint32_t index, std::uint32_t mark, Recorders* recorders) {
    auto& chunk = ring->chunks[index];
    Recorder* const recorder = recorders != nullptr ? &recorders->of(mark - 1) : nullptr;
    auto& done = at[index];
    const bool full = load(chunk.full) != 0;
    const std::size_t end = std::min<std::size_t>(load(chunk.published), sizeof chunk.data);
    alignas(Record) std::array<char, sizeof chunk.data> copy;
    while (done + sizeof(Record) < end) {
      Record record;
      std::memcpy(&record, chunk.data + done, sizeof record);
      if (record.size <= sizeof record || record.size > end - done) {
        damaged(recorder);
        done = static_cast<std::uint32_t>(end);
        break;
      }
      const std::size_t size = record.size - sizeof record;
      std::memcpy(copy.data(), chunk.data + done + sizeof record, size);
      done += record.size;
      if (recorder == nullptr) continue;
      Announced announced;
      announced.kind = static_cast<Announced::Kind>(record.kind);
      announced.failed = record.failed != 0;
      announced.flags = static_cast<int>(record.flags);
      announced.path = {copy.data(), ::strnlen(copy.data(), size)};
      if (announced.path.size() == size || announced.kind > Announced::Kind::read_link) {
        damaged(recorder);
        continue;
      }
      if (record.inode != 0) announced.stat = stat_of(record);
      recorder->announced(announced);
    }
    if (full && done >= end) {
      done = 0;
      store(chunk.owner, 0);
      store(chunk.published, 0U);
      store(chunk.full, 0U);
      store(ring->taken[index], 0U);
    }
  }

  // The chunks of processes that have ended by now, read to their ends, are anybody's again.
  void free_chunks(Recorders* recorders) {
    constexpr std::chrono::milliseconds kLastBreath{100};
    const auto now = os::steady_now();
    while (!ending.empty() && now - ending.front().since > kLastBreath) {
      const auto gone = ending.front();
      ending.pop_front();
      for (std::uint32_t i = 0; i < high; ++i) {
        auto& chunk = ring->chunks[i];
        if (load(ring->taken[i]) != gone.mark || load(chunk.owner) != gone.process) continue;
        read_chunk(i, gone.mark, recorders);
        if (load(ring->taken[i]) == 0) continue;
        at[i] = 0;
        store(chunk.owner, 0);
        store(chunk.published, 0U);
        store(chunk.full, 0U);
        store(ring->taken[i], 0U);
        store(ring->hint, i);
      }
    }
  }

  static void damaged(Recorder* recorder) {
    if (recorder != nullptr)
      recorder->lower_grade("a program wrote into memory that is only for observing");
  }
};

std::string_view Announcements::library_path() {
  return announcer::kLibraryPath;
}

Announcements::Announcements()
    : library_(memory_file("provrun-announce")),
      ring_(memory_file("provrun-ring")),
      reader_(std::make_unique<Reader>()) {
  os::write_all(library_, announcer::image(), "the library that announces");
  ::fcntl(library_.fd(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if (::ftruncate(ring_.fd(), sizeof(Ring)) != 0)
    throw base::system_error(errno, "cannot make shared memory");
  ::fcntl(ring_.fd(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  void* memory = ::mmap(nullptr, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED, ring_.fd(), 0);
  if (memory == MAP_FAILED) throw base::system_error(errno, "cannot make shared memory");
  reader_->ring = static_cast<Ring*>(memory);
}

Announcements::~Announcements() = default;

bool Announcements::drain(Recorders* recorders) {
  auto& reader = *reader_;
  const auto sequence = load(reader.ring->sequence);
  if (!reader.ending.empty()) reader.free_chunks(recorders);
  if (sequence == reader.sequence) return false;
  reader.sequence = sequence;
  // Chunks are taken from hint on, so that none can lie beyond it until it has gone round.
  reader.high = std::min(kChunks, std::max(reader.high, load(reader.ring->hint) + 64));
  for (std::uint32_t i = 0; i < reader.high; ++i)
    if (const auto mark = load(reader.ring->taken[i]); mark != 0)
      reader.read_chunk(i, mark, recorders);
  return true;
}

void Announcements::process_ends(int process, std::uint32_t part) {
  reader_->ending.push_back({process, part + 1, os::steady_now()});
}

void Announcements::turn_off() {
  store(reader_->ring->off, 1U);
}

void Announcements::begin() {
  auto& reader = *reader_;
  auto& ring = *reader.ring;
  if (ring.hint != 0) {
    // Pages that many processes have touched go back to the system.
    const auto used = std::min(kChunks, std::max(reader.high, ring.hint + 64));
    std::memset(ring.taken, 0, sizeof ring.taken);
    if (used > 256 && ::madvise(ring.chunks, sizeof ring.chunks, MADV_REMOVE) == 0) {
      // All zero.
    } else {
      for (std::uint32_t i = 0; i < used; ++i) {
        ring.chunks[i].published = 0;
        ring.chunks[i].full = 0;
        ring.chunks[i].owner = 0;
      }
    }
    ring.hint = 0;
  }
  reader.ending.clear();
  reader.at.fill(0);
  reader.high = 0;
  reader.sequence = load(ring.sequence);
  store(ring.off, 0U);
}

}  // namespace provrun::trace
