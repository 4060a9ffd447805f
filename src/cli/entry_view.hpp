#pragma once

#include <string>

#include "console.hpp"
#include "options.hpp"
#include "provrun/app/browse.hpp"

// How the verbs that look into snapshots take their selection and show entries.
namespace provrun::cli {

/// --host, --tag, --path and --run.
void add_filter(Options& options, app::SnapshotFilter& filter);
/// Paths on the command line are of the working directory, those of snapshots absolute.
void complete_filter(app::SnapshotFilter& filter);

/// "file", "directory", "symlink", …
std::string kind_of(const snapshot::Entry& entry);
/// Sets path, kind, mode, owner, modified, and what its kind has.
void set_entry(codec::Json& line, const snapshot::Entry& entry);

struct EntryStyle {
  bool owner = false;
  bool bytes = false;  ///< exact sizes
};
/// "-0644    1.2 kB  2026-08-01T12:00:00  path".
std::string entry_line(const snapshot::Entry& entry, const EntryStyle& style);

/// The first 16 digits: enough to name a snapshot for a long time.
std::string short_id(const std::string& id);
/// "2026-08-01 12:00:00".
std::string short_time(base::Timestamp time);

}  // namespace provrun::cli
