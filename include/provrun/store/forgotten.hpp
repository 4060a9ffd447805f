#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/backend/backend.hpp"
#include "provrun/base/time.hpp"

// A snapshot that was forgotten has a folder trash/snapshots/<time>-<id>/ (its file name without
// ".json"), in which every file is created once:
//   manifest.json   the manifest, so that undelete can give it back
//   1, 2, …         the first, second … time it was forgotten: a note, JSON
//   1.end, 2.end …  how that ended: "undeleted\n", by undelete, or "expired\n", by a prune
// Whoever creates an end first decides, so that undelete and prune never both believe they had it.
// Until it is expired it is a root of every prune. The page is docs/formats/repository.md.
namespace provrun::store {

/// Who forgot it, and for how long it can be brought back.
struct ForgetNote {
  base::Timestamp time;
  base::Timestamp keep_until;
  std::string user;
  std::string host;
  std::string reason;  ///< may be empty
  std::string to_json() const;
};

enum class Fate {
  alive,      ///< never forgotten, or brought back
  forgotten,  ///< in the trash
  expired     ///< gone for good
};

struct Forgotten {
  Fate fate = Fate::alive;
  std::uint64_t times = 0;  ///< how often it was forgotten
  ForgetNote note;          ///< of the last time
};

/// By the file name in snapshots/ ("20260801T120000.123456789Z-<64 digits>.json").
std::map<std::string, Forgotten> list_forgotten(backend::Backend& backend);
Forgotten fate_of(backend::Backend& backend, const std::string& file);
/// Whether snapshots/ must not show it.
bool is_forgotten(backend::Backend& backend, const std::string& file);

/// Moves the snapshot into the trash, durably. False when it was there already. Error(not_found)
/// when there is no such snapshot.
bool forget(backend::Backend& backend, const std::string& file, const ForgetNote& note);
/// Brings it back, durably. Error(not_found) when it was never forgotten or has expired.
void undelete(backend::Backend& backend, const std::string& file);
/// Ends its time in the trash, durably: from here on it is no root. False when it was brought back.
bool expire(backend::Backend& backend, const std::string& file);
/// Ends what a crash cut short: names of forgotten snapshots still in snapshots/, and of those
/// brought back not yet there.
void tidy_forgotten(backend::Backend& backend);

}  // namespace provrun::store
