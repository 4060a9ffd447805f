#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/os/file.hpp"
#include "provrun/snapshot/entry.hpp"

namespace provrun::snapshot {

/// What backups that were interrupted have read, in files of lines `BASE64-OF-PATH ENTRY-LINE`,
/// each in the order of path_less; and what this one reads, in another. Everything in it is a hint:
/// what it names must be looked for in the repository. One thread.
class ResumeJournal {
 public:
  /// The directory is made with the first record.
  explicit ResumeJournal(std::string directory);

  /// paths in the order of path_less. The entry, its path empty, stays valid until the next call.
  const Entry* find(const std::string& path);
  /// Throws nothing: without a journal an interrupted backup is only slower to go on.
  void record(const Entry& entry);
  void flush();

 private:
  struct Earlier {
    os::File file;
    std::string text = {};
    std::size_t at = 0;
    bool ended = false;
    std::string path = {};  ///< of the line that comes next
    std::string line = {};
  };
  static void advance(Earlier& earlier);

  std::string directory_;
  std::vector<Earlier> earlier_;
  std::optional<Entry> found_;
  std::string path_;  ///< of our own file
  os::File file_;
  std::string pending_;
  bool broken_ = false;
};

}  // namespace provrun::snapshot
