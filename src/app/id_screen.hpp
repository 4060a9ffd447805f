#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "provrun/codec/json.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"
#include "provrun/policy/file_screen.hpp"

namespace provrun::app {

/// Tells which content ids of a record must not be seen. One may when whoever has the repository
/// has the bytes too, or had its id before; when nothing in the bytes looks like a secret; or when
/// there are too many of them to be guessed. docs/formats/run-record.md, "withheld".
class IdScreen {
 public:
  struct Questions {
    /// Whether the content is in the repository, was looked through, or is told there already.
    std::function<bool(const core::ContentId&)> is_known;
    /// The absolute path of one that the record has.
    std::function<std::string(const std::string&)> absolute;
    const policy::FileScreen* screen = nullptr;  ///< for files that are not stored
    std::function<policy::FileScreen::For(const std::string&)> looked_for;  ///< by absolute path
  };
  explicit IdScreen(Questions questions) : questions_(std::move(questions)) {}

  void look_at(const core::Execution& execution);
  void look_at(const core::AccessSet& set);
  /// The programs and interpreters of `environment`.
  void look_at(const codec::Json& environment);
  const std::unordered_set<core::ContentId>& hidden() const { return hidden_; }

 private:
  void look_at(const core::Artifact& file);
  void look_at(const core::Access& access);
  void look_at(const core::ContentId& content, std::optional<std::uint64_t> size,
               const std::string& path);
  bool may_be_seen(const core::ContentId& content, std::optional<std::uint64_t> size,
                   const std::string& path);
  bool is_clean(const core::ContentId& content, const std::string& path) const;

  Questions questions_;
  std::unordered_map<core::ContentId, bool> judged_;
  std::unordered_set<core::ContentId> hidden_;
};

}  // namespace provrun::app
