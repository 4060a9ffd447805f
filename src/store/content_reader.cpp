// The reading half of Repository: chunks, and what contents make of them.
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

#include "chunk_cache.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/chunk_list.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kLongContent = 4 << 20;  // bytes from which threads are worth starting
constexpr int kNestedPatches = 64;               // bases of bases; writers stop far below
constexpr std::size_t kZeros = 64 << 10;         // bytes of a hole given at a time

thread_local int nested_patches = 0;

std::string short_name(const hash::Digest& digest) {
  return digest.to_hex().substr(0, 12);
}

unsigned reader_threads(unsigned asked) {
  return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

base::Error wrong_length(const ChunkId& chunk) {
  return base::Error(base::ErrorCode::corruption,
                     "chunk " + short_name(chunk.digest) + " has not the length its list gives");
}

// The part's bytes of its chunk.
std::span<const std::uint8_t> bytes_of(const ContentPart& part, const StoredChunk& chunk) {
  const std::span<const std::uint8_t> all(chunk.bytes);
  if (part.whole) {
    if (part.length != 0 && all.size() != part.length) throw wrong_length(*part.chunk);
    return all;
  }
  if (part.skip > all.size() || part.length > all.size() - part.skip)
    throw wrong_length(*part.chunk);
  return all.subspan(part.skip, part.length);
}

base::Error wrong_size(const FileContent& content, std::uint64_t size) {
  return base::Error(base::ErrorCode::corruption,
                     base::format("content {} has {} bytes instead of {}",
                                  short_name(content.id.digest), size, content.size));
}

}  // namespace

SharedChunk Repository::load_chunk(const ChunkId& id) {
  // The second turn is for chunks that were written, merged or moved after the index was read, the
  // third for a local cache that does not say what the repository does.
  std::string problem;
  for (int turn = 0; turn < 3; ++turn) {
    if (turn == 1) index_->refresh();
    if (turn == 2) index_->reload();
    for (const auto& location : index_->find(id)) {
      try {
        thread_local FrameDecoder decoder;
        std::vector<std::uint8_t> frame(location.length);
        backend_->read(location.pack.object_name(), location.offset, frame);
        auto loaded = std::make_shared<StoredChunk>();
        const auto read_base = [&](const ChunkId& base) {
          if (nested_patches >= kNestedPatches)
            throw base::Error(base::ErrorCode::corruption, "its patches have no end");
          ++nested_patches;
          try {
            auto bytes = chunk(base);
            --nested_patches;
            return bytes->bytes;
          } catch (...) {
            --nested_patches;
            throw;
          }
        };
        loaded->bytes =
            decoder.decode(frame, static_cast<std::uint32_t>(kMaximumObjectSize), read_base);
        if (hash::sha256(loaded->bytes) != id.digest)
          throw base::Error(base::ErrorCode::corruption, "its bytes do not have its hash");
        return loaded;
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::corruption &&
            error.code() != base::ErrorCode::not_found)
          throw;
        index_->note_damaged(id, location.pack);
        problem = base::format("pack {}: {}", short_name(location.pack.digest), error.message());
      }
    }
  }
  const auto name = short_name(id.digest);
  if (!problem.empty())
    throw base::Error(base::ErrorCode::corruption,
                      base::format("chunk {} cannot be read: {}", name, problem))
        .hint("'provrun verify' names every damaged file of a snapshot");
  // Whoever asks has the chunk's name from a snapshot: that it cannot be found is damage.
  const auto damaged = index_->damaged_segments();
  throw base::Error(base::ErrorCode::corruption,
                    base::format("chunk {} is not in the repository's index", name) +
                        (damaged.empty() ? std::string()
                                         : base::format(", whose segment {} is damaged",
                                                        damaged.front().object_name())))
      .hint("run 'provrun repair --index'");
}

SharedChunk Repository::chunk(const ChunkId& id) {
  return cache_->get(id, [&] { return load_chunk(id); });
}

std::vector<std::uint8_t> Repository::read_chunk(const ChunkId& id) {
  return load_chunk(id)->bytes;
}

std::uint64_t Repository::chunk_length(const ChunkId& id) {
  for (const auto& location : index_->find(id)) {
    std::vector<std::uint8_t> start(std::min<std::size_t>(location.length, kFrameStart));
    backend_->read(location.pack.object_name(), location.offset, start);
    try {
      const auto header = parse_frame_start(start, location.length);
      const auto frame = std::span<const std::uint8_t>(start).subspan(header.header_size);
      if (const auto size = codec::frame_content_size(frame)) return *size;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption) throw;  // otherwise another copy may tell
    }
  }
  return chunk(id)->bytes.size();
}

void Repository::for_each_part(const FileContent& content,
                               const std::function<void(const ContentPart&)>& visit) {
  if (content.bundle) {
    visit({content.bundle->chunk, content.size, content.bundle->offset, false});
    return;
  }
  for (const auto& chunk : content.chunks)
    visit({.chunk = chunk, .length = content.chunks.size() == 1 ? content.size : 0});
  if (!content.list) return;
  const auto read_list = [&](const ChunkId& id) {
    const auto list = chunk(id);
    return parse_list({reinterpret_cast<const char*>(list->bytes.data()), list->bytes.size()});
  };
  for (const auto& line : read_list(*content.list)) {
    if (content.list_levels == 1) {
      visit({.chunk = line.id, .length = line.size});
      continue;
    }
    if (!line.id) throw base::Error(base::ErrorCode::corruption, "a list of lists has a hole");
    for (const auto& part : read_list(*line.id)) visit({.chunk = part.id, .length = part.size});
  }
}

void Repository::for_each_chunk(
    const FileContent& content,
    const std::function<void(const ChunkId&, std::uint64_t length)>& visit) {
  for_each_part(content, [&](const ContentPart& part) {
    if (part.chunk) visit(*part.chunk, part.whole ? part.length : 0);
  });
}

void Repository::read_content(const FileContent& content, const ByteSink& sink) {
  std::uint64_t size = 0;
  const auto give = [&](const ContentPart& part, const SharedChunk& loaded) {
    if (!part.chunk) {
      static const std::vector<std::uint8_t> zeros(kZeros);
      for (auto left = part.length; left > 0;) {
        const auto n = std::min<std::uint64_t>(left, zeros.size());
        sink(std::span(zeros).first(static_cast<std::size_t>(n)));
        left -= n;
      }
      size += part.length;
      return;
    }
    const auto bytes = bytes_of(part, *loaded);
    size += bytes.size();
    if (size > content.size) throw wrong_size(content, size);
    sink(bytes);
  };
  if (content.size < kLongContent || reader_threads(0) == 1) {
    for_each_part(content, [&](const ContentPart& part) {
      give(part, part.chunk ? chunk(*part.chunk) : nullptr);
    });
  } else {
    std::deque<std::pair<ContentPart, std::future<SharedChunk>>> ahead;
    const auto take = [&] {
      const auto part = ahead.front().first;
      auto loaded = ahead.front().second.valid() ? ahead.front().second.get() : nullptr;
      ahead.pop_front();
      give(part, loaded);
    };
    for_each_part(content, [&](const ContentPart& part) {
      std::future<SharedChunk> future;
      if (part.chunk)
        future = std::async(std::launch::async, [this, id = *part.chunk] { return chunk(id); });
      ahead.emplace_back(part, std::move(future));
      if (ahead.size() > reader_threads(0)) take();
    });
    while (!ahead.empty()) take();
  }
  if (size != content.size) throw wrong_size(content, size);
}

std::string Repository::read_content(const FileContent& content, std::uint64_t limit) {
  if (content.size > limit)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("the content is larger than {} bytes", limit));
  std::string bytes;
  bytes.reserve(content.size);
  read_content(content, [&](std::span<const std::uint8_t> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return bytes;
}

void Repository::read_pieces(const FileContent& content, const PieceSink& sink, unsigned threads) {
  std::uint64_t size = 0;
  const auto with_lengths = [&](const auto& take) {
    for_each_part(content, [&](ContentPart part) {
      if (part.chunk && part.length == 0) part.length = chunk_length(*part.chunk);
      if (part.length > content.size - size) throw wrong_size(content, size + part.length);
      if (part.chunk) take(part, size);
      size += part.length;
    });
    if (size != content.size) throw wrong_size(content, size);
  };
  const auto write = [&](const ContentPart& part, std::uint64_t offset) {
    sink(offset, bytes_of(part, *chunk(*part.chunk)));
  };
  threads = content.size < kLongContent ? 1 : reader_threads(threads);
  if (threads == 1) {
    with_lengths(write);
    return;
  }
  struct Task {
    ContentPart part;
    std::uint64_t offset;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;
  bool ended = false;
  std::exception_ptr problem;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return ended || problem || !tasks.empty(); });
      if (problem || tasks.empty()) return;
      const auto task = tasks.front();
      tasks.pop_front();
      changed.notify_all();
      lock.unlock();
      try {
        write(task.part, task.offset);
        lock.lock();
      } catch (...) {
        lock.lock();
        problem = std::current_exception();
        changed.notify_all();
      }
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  const auto finish = [&] {
    {
      const std::lock_guard lock(mutex);
      ended = true;
    }
    changed.notify_all();
    for (auto& worker : workers) worker.join();
  };
  try {
    with_lengths([&](const ContentPart& part, std::uint64_t offset) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return problem || tasks.size() < 2 * threads; });
      if (problem) std::rethrow_exception(problem);
      tasks.push_back({part, offset});
      changed.notify_all();
    });
  } catch (...) {
    {
      const std::lock_guard lock(mutex);
      if (!problem) problem = std::current_exception();
    }
    finish();
    throw;
  }
  finish();
  if (problem) std::rethrow_exception(problem);
}

std::size_t Repository::read_range(const FileContent& content, std::uint64_t offset,
                                   std::span<std::uint8_t> buffer) {
  if (offset >= content.size) return 0;
  const auto end = offset + std::min<std::uint64_t>(buffer.size(), content.size - offset);
  std::uint64_t at = 0;
  for_each_part(content, [&](ContentPart part) {
    if (at >= end) return;
    if (part.chunk && part.length == 0) part.length = chunk_length(*part.chunk);
    const auto part_begin = at;
    at += part.length;
    if (at <= offset) return;
    const auto from = std::max(offset, part_begin);
    const auto to = std::min(end, at);
    auto* out = buffer.data() + (from - offset);
    const auto length = static_cast<std::size_t>(to - from);
    if (!part.chunk) {
      std::memset(out, 0, length);
      return;
    }
    const auto loaded = chunk(*part.chunk);
    std::memcpy(out, bytes_of(part, *loaded).data() + (from - part_begin), length);
  });
  if (at < end) throw wrong_size(content, at);
  return static_cast<std::size_t>(end - offset);
}

}  // namespace provrun::store
