#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/core/record.hpp"

namespace provrun::core {

/// What a declared path is at this moment.
struct PathState {
  ContentId content;            ///< a file's content; for a directory the hash of its listing
  std::vector<Artifact> files;  ///< the file itself, or every regular file and empty folder below
                                ///< the directory, sorted
};

enum class PathKind { file, directory };

/// What is asked of a path, for comparison with what an execution saw there.
enum class Look {
  presence,  ///< what stands there, links followed
  content,   ///< of a file its bytes, links followed
  listing,   ///< of a directory its names: core::listing_content
  target     ///< of a symbolic link, itself
};
struct Sight {
  Presence presence = Presence::absent;
  std::optional<ContentId> content;  ///< when it was asked for, is of that kind, and can be read
  bool executable = false;           ///< a file that may be started; not told for targets
};

/// The files of the workspace, as the engine sees them. Paths are relative to the workspace or
/// absolute, without a trailing slash. One thread at a time.
class WorkspaceFiles {
 public:
  virtual ~WorkspaceFiles() = default;
  /// The path's state by content, from a cache where the file has not changed; nullopt when it is
  /// not there. Throws base::Error when it cannot be read or is of another kind (a directory where
  /// a file was declared, a file where a directory was, a device).
  virtual std::optional<PathState> identify(const std::string& path, PathKind kind) = 0;
  /// True when the path is there and certainly unchanged since it was last identified, judged
  /// without reading it.
  virtual bool unchanged(const std::string& path, PathKind kind) = 0;
  /// Makes the place ready for a new output: parent directories are made, and an old file goes
  /// away. One that is not known (stored, or made by a recorded execution) is set aside, never
  /// deleted.
  virtual void prepare_output(const std::string& path, PathKind kind,
                              const std::vector<Artifact>& known) = 0;
  /// Like identify for any path and kind, without complaint.
  virtual Sight look(const std::string& path, Look what) = 0;
  /// Where the path leads when all links are followed; empty when nothing is there.
  virtual std::string real_path(const std::string& path) = 0;
  /// The names in a directory; none when it is none. "." is the workspace.
  virtual std::vector<ListingEntry> list(const std::string& path) = 0;
  /// The names behind a listing's content; nullopt when they are not known here.
  virtual std::optional<std::vector<ListingEntry>> recall(const ContentId& listing) = 0;
  /// Makes the names known to recall, here and in later runs. Returns their content.
  virtual ContentId keep_listing(const std::vector<ListingEntry>& entries) = 0;
  /// Takes the write permission from the file, or from all files below the directory. Nothing when
  /// it is not there.
  virtual void protect(const std::string& path, PathKind kind) = 0;
  /// Moves what is at the path out of the way. Returns where it is now; empty when there was
  /// nothing.
  virtual std::string set_aside(const std::string& path) = 0;
};

}  // namespace provrun::core
