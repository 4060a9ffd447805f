#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/codec/json.hpp"

// What an interpreter answered, kept for as long as the files that the answer came from are
// unchanged. docs/design/recording.md.
namespace provrun::capture {

class KeptAnswer {
 public:
  /// folder: of kept answers; empty: nothing is kept. question: all that the answer depends on
  /// beside files.
  KeptAnswer(const std::string& folder, const codec::Json& question);

  /// nullopt where there is none, a file has changed, or what is kept is damaged.
  std::optional<codec::Json> find() const;
  /// files: absolute paths, of files, folders or nothing, whose change changes the answer; the
  /// interpreter was asked at `asked`. Nothing is kept where one of them is too young for its times
  /// to prove anything. Never throws: a cache that cannot be written is no error.
  void keep(const codec::Json& answer, const std::vector<std::string>& files,
            base::Timestamp asked) const;

 private:
  std::string path_;
};

}  // namespace provrun::capture
