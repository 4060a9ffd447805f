#include "provrun/store/slot.hpp"

#include <algorithm>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/forgotten.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr const char* kEnd = ".end";

// Epoch 1 begins with no tombstones; epoch e+1, when a writer opens it, with those of e. Whoever
// creates the file first decides: a prune that comes second takes the number after.
void open_epoch(backend::Backend& backend, std::uint64_t epoch) {
  std::string bytes = encode_pack_list({});
  const auto epochs = list_epochs(backend);
  for (auto it = epochs.rbegin(); it != epochs.rend(); ++it) {
    // An epoch whose opening was cut short has no list; nothing was ever committed in it.
    if (*it >= epoch || !backend.size_of(tombstones_name(*it))) continue;
    bytes = backend.read_all(tombstones_name(*it), kPackListLimit);
    break;
  }
  backend.create(tombstones_name(epoch), bytes);
  backend.barrier();
}

// The last line lets a check tell a claim that is damaged.
std::string claim_text(const base::Uuid& session) {
  const auto text =
      base::format("session {}\nhost {}\nuser {}\n", session.to_string(),
                   base::printable(os::host_name()), base::printable(os::user_name()));
  return text + "sha256 " + hash::sha256(text).to_hex() + "\n";
}

}  // namespace

bool is_claim_text(std::string_view text) {
  constexpr std::string_view kMark = "sha256 ";
  if (!text.starts_with("session ") || !text.ends_with('\n')) return false;
  const auto last = text.substr(0, text.size() - 1).rfind('\n');
  if (last == std::string_view::npos) return false;
  const auto line = text.substr(last + 1);
  // Claims of older programs have no such line, and their last one is the user.
  if (line.starts_with("user ")) return true;
  return line.starts_with(kMark) &&
         line == std::string(kMark) + hash::sha256(text.substr(0, last + 1)).to_hex() + "\n";
}

std::string snapshot_file_name(base::Timestamp time, const hash::Digest& id) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto compact = time.to_compact();  // "20260801T120000Z"
  const auto nanoseconds = ((time.nanoseconds % kSecond) + kSecond) % kSecond;
  return base::format("{}.{:09}Z-{}.json", compact.substr(0, compact.size() - 1), nanoseconds,
                      id.to_hex());
}

std::string snapshot_file_name(std::string_view manifest) {
  std::optional<base::Timestamp> time;
  try {
    time = base::parse_timestamp(codec::parse_json(manifest).at("time").as_string());
  } catch (const base::Error& error) {
    throw base::Error(base::ErrorCode::corruption, "a manifest is not valid: " + error.message());
  }
  if (!time) throw base::Error(base::ErrorCode::corruption, "a manifest has no valid time");
  return snapshot_file_name(*time, hash::sha256(manifest));
}

Slot::Slot(backend::Backend& backend, std::uint64_t epoch, int number)
    : backend_(&backend),
      epoch_(epoch),
      name_(base::format("{}/w{:02}", epoch_name(epoch), number)),
      tombstones_(read_pack_list(backend, tombstones_name(epoch))) {}

Slot Slot::claim(backend::Backend& backend, const base::Uuid& session, int slots) {
  const auto epochs = list_epochs(backend);
  for (std::uint64_t epoch = epochs.empty() ? 1 : epochs.back();; ++epoch) {
    const auto names = backend.list(epoch_name(epoch));
    const std::set<std::string> taken(names.begin(), names.end());
    // A folder without its tombstones is an epoch whose opening did not come to its end.
    if (!taken.contains("tombstones.zst")) open_epoch(backend, epoch);
    for (int number = 0; number < slots; ++number) {
      const auto name = base::format("w{:02}", number);
      if (taken.contains(name) || taken.contains(name + ".end")) continue;
      const auto path = epoch_name(epoch) + "/" + name;
      if (!backend.create(path, claim_text(session))) continue;
      // A session that ended between the listing and the claim has removed its own claim.
      if (backend.size_of(path + kEnd)) continue;
      return Slot(backend, epoch, number);
    }
  }
}

hash::Digest Slot::commit(std::string_view manifest) {
  const auto id = try_commit(manifest);
  if (!id)
    throw base::Error(base::ErrorCode::unavailable,
                      "the repository was pruned while this was being written")
        .hint("run it again; what was stored is found and reused");
  return *id;
}

std::optional<hash::Digest> Slot::try_commit(std::string_view manifest) {
  const auto file = snapshot_file_name(manifest);
  const auto end = name_ + kEnd;
  // Segments of other writers that this session relied on must survive a power cut with it.
  backend_->rely_on("index");
  backend_->barrier();
  if (!backend_->create(end, manifest) && backend_->read_all(end, kManifestLimit) != manifest)
    return std::nullopt;
  backend_->barrier();
  backend_->copy(end, "snapshots/" + file);
  backend_->barrier();
  try {
    backend_->remove(name_);
  } catch (const base::Error&) {
    // The snapshot is safe; the next session removes the claim.
  }
  return hash::sha256(manifest);
}

hash::Digest commit_in(backend::Backend& backend, Slot& slot, const base::Uuid& session,
                       std::string_view manifest, const Revalidate& revalidate, int slots) {
  // Each turn needs another prune that began within the turn: a few follow each other, not many.
  constexpr int kTurns = 32;
  for (int turn = 0; turn < kTurns; ++turn) {
    if (const auto id = slot.try_commit(manifest)) return *id;
    if (!revalidate) break;
    slot = Slot::claim(backend, session, slots);
    if (revalidate(slot.tombstones())) continue;
    slot.abort();
    break;
  }
  return slot.commit(manifest);
}

void Slot::abort() noexcept {
  try {
    backend_->create(name_ + ".end", "aborted\n");
  } catch (const std::exception&) {
    // A prune fences the slot when its lease has run out.
  }
}

std::uint64_t publish_committed(backend::Backend& backend, std::uint64_t epoch) {
  const auto names = backend.list(epoch_name(epoch));
  const std::set<std::string> present(names.begin(), names.end());
  std::vector<std::string> claims;
  std::uint64_t published = 0;
  for (const auto& name : names) {
    if (!present.contains(name + kEnd)) continue;
    const auto claim = epoch_name(epoch) + "/" + name;
    try {
      const auto end = backend.read_all(claim + kEnd, kManifestLimit);
      if (!end.starts_with('{')) continue;
      const auto file = snapshot_file_name(end);
      if (!is_forgotten(backend, file) && backend.copy(claim + kEnd, "snapshots/" + file))
        ++published;
      claims.push_back(claim);
    } catch (const base::Error& error) {
      // What is damaged is named by a check; here it must not keep a session from starting.
      if (error.code() != base::ErrorCode::corruption) throw;
    }
  }
  if (!claims.empty()) {
    backend.rely_on("snapshots");
    backend.barrier();
    for (const auto& claim : claims) backend.remove(claim);
  }
  return published;
}

}  // namespace provrun::store
