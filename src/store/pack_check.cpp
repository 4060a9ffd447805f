#include "provrun/store/pack_check.hpp"

#include <algorithm>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/slot.hpp"
#include "provrun/store/write_session.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kReadSize = 1 << 20;
constexpr std::uint64_t kObjectLimit = 256ULL << 20U;
constexpr std::size_t kNamedProblems = 4;

}  // namespace

PackVerdict verify_pack(Repository& repository, const PackId& id,
                        const base::Cancellation* cancellation) {
  PackVerdict verdict;
  auto& backend = repository.backend();
  const auto name = id.object_name();
  thread_local FrameDecoder decoder;
  thread_local std::vector<std::uint8_t> buffer;
  const auto harmful = [](const base::Error& error) {
    return error.code() == base::ErrorCode::corruption ||
           error.code() == base::ErrorCode::not_found ||
           error.code() == base::ErrorCode::invalid_input;
  };
  std::vector<PackedChunk> table;
  try {
    table = read_pack_table(backend, id);
  } catch (const base::Error& error) {
    if (!harmful(error)) throw;
    verdict.problems.push_back(error.message());
  }
  const auto size = backend.size_of(name);
  if (!size) return verdict;
  hash::Sha256 hash;
  std::uint64_t at = 0;
  std::uint64_t damaged_chunks = 0;
  const auto read = [&](std::uint64_t length) {
    if (cancellation != nullptr) cancellation->check();
    buffer.resize(static_cast<std::size_t>(length));
    backend.read(name, at, buffer);
    hash.update(buffer);
    at += length;
    verdict.bytes += length;
  };
  try {
    for (const auto& chunk : table) {
      if (chunk.offset != at || chunk.length > *size - at) break;  // the table's own problem
      read(chunk.length);
      try {
        // This copy itself: what a killed session left is in no index, and a sound copy elsewhere
        // says nothing of this one.
        const auto plain =
            decoder.decode(buffer, static_cast<std::uint32_t>(kMaximumObjectSize),
                           [&](const ChunkId& base) { return repository.chunk(base)->bytes; });
        if (hash::sha256(plain) != chunk.id.digest)
          throw base::Error(base::ErrorCode::corruption, "its bytes do not have its hash");
        ++verdict.chunks;
      } catch (const base::Error& error) {
        if (!harmful(error)) throw;
        repository.index().note_damaged(chunk.id, id);
        if (++damaged_chunks <= kNamedProblems)
          verdict.problems.push_back(
              base::format("chunk {}: {}", chunk.id.to_hex().substr(0, 12), error.message()));
      }
    }
    while (at < *size) read(std::min<std::uint64_t>(kReadSize, *size - at));
  } catch (const base::Error& error) {
    if (!harmful(error)) throw;
    verdict.problems.push_back(error.message());
    return verdict;
  }
  if (damaged_chunks > kNamedProblems)
    verdict.problems.push_back(
        base::format("{} more chunks are damaged", damaged_chunks - kNamedProblems));
  if (hash.finish() != id.digest)
    verdict.problems.insert(verdict.problems.begin(), "its bytes do not have its name");
  return verdict;
}

void check_epochs(Repository& repository, StructureReport& report) {
  auto& backend = repository.backend();
  std::set<std::string> snapshots;  // the ids of those that are there
  for (const auto& file : backend.list("snapshots"))
    if (const auto dash = file.rfind('-'); dash != std::string::npos && file.ends_with(".json"))
      snapshots.insert(file.substr(dash + 1, file.size() - dash - 6));
  // Those that were forgotten are in the trash.
  for (const auto& name : backend.list("trash/snapshots"))
    if (const auto dash = name.rfind('-'); dash != std::string::npos)
      snapshots.insert(name.substr(dash + 1));
  std::set<std::string> removed;  // all packs that verdicts of epochs before name
  for (const auto epoch : list_epochs(backend)) {
    const auto folder = base::format("epochs/{}", epoch);
    const auto names = backend.list(folder);
    const std::set<std::string> present(names.begin(), names.end());
    std::vector<std::string> tombstones;  // sorted; their name comes before the verdict's
    std::vector<std::string> verdict;
    const auto damaged = [&](const std::string& name, std::string problem) {
      report.damage.push_back({folder + "/" + name, std::move(problem)});
    };
    for (const auto& name : names) {
      ++report.objects;
      std::string bytes;
      try {
        bytes = backend.read_all(folder + "/" + name, kObjectLimit);
      } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::not_found) continue;  // a session ended meanwhile
        if (error.code() != base::ErrorCode::corruption) throw;
        damaged(name, error.message());
        continue;
      }
      report.verified_bytes += bytes.size();
      if (name == "tombstones.zst" || name == "verdict.zst") {
        try {
          // Bits 3 and 4 of a frame's descriptor mean nothing to decoders and are never set.
          if (bytes.size() > 4 && (static_cast<unsigned char>(bytes[4]) & 0x18U) != 0)
            throw base::Error(base::ErrorCode::corruption, "it is no frame as it was written");
          const auto plain = codec::ZstdDecompressor().decompress(
              {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, kObjectLimit);
          std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
          std::vector<std::string> packs;
          while (!text.empty()) {
            const auto line = take_until(text, '\n');
            PackId id;
            if (!line || !read_hex(*line, id.digest))
              throw base::Error(base::ErrorCode::corruption, "it has an invalid line");
            packs.emplace_back(*line);
          }
          std::sort(packs.begin(), packs.end());
          if (name == "tombstones.zst") {
            tombstones = std::move(packs);
            if (!std::includes(tombstones.begin(), tombstones.end(), removed.begin(),
                               removed.end()))
              throw base::Error(base::ErrorCode::corruption,
                                "it has not all packs that were removed before");
          } else {
            if (!std::includes(tombstones.begin(), tombstones.end(), packs.begin(), packs.end()))
              throw base::Error(base::ErrorCode::corruption,
                                "it has packs that its epoch's tombstones have not");
            verdict = std::move(packs);
          }
        } catch (const base::Error& error) {
          if (error.code() != base::ErrorCode::corruption) throw;
          damaged(name, error.message());
        }
      } else if (name.ends_with(".end")) {
        if (bytes == "aborted\n" || bytes == "fenced\n") continue;
        const auto claim = name.substr(0, name.size() - 4);
        // One that is just being published has its claim still.
        if (snapshots.contains(hash::sha256(bytes).to_hex()) ||
            (present.contains(claim) && bytes.starts_with('{')) ||
            backend.size_of(folder + "/" + claim))
          continue;
        damaged(name,
                "it is neither the manifest of a snapshot that is there nor how a session ends");
      } else if (name.size() == 3 && name[0] == 'w') {
        if (!is_claim_text(bytes)) damaged(name, "it is no claim as it was written");
      } else {
        damaged(name, "nothing of this name belongs here");
      }
    }
    removed.insert(verdict.begin(), verdict.end());
    if (!present.contains("tombstones.zst") && names.size() > 0)
      damaged("tombstones.zst", "it is missing");
  }
}

}  // namespace provrun::store
