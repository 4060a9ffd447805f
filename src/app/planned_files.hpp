#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provrun/app/cached_files.hpp"

namespace provrun::app {

/// Files as they will be once the steps that are only restored have been restored. Writes nothing.
class PlannedFiles : public core::WorkspaceFiles {
 public:
  explicit PlannedFiles(CachedFiles& files) : files_(files) {}

  /// link: the target, of an output that will be a link.
  void plan(const core::Artifact& artifact, std::optional<std::string> link);
  /// The file will not be there, unless it is planned afterwards.
  void plan_absence(const std::string& path);
  /// What is there now below it goes away first.
  void plan_directory(const std::string& path) { directories_.insert(path); }

  std::optional<core::PathState> identify(const std::string& path, core::PathKind kind) override;
  bool unchanged(const std::string& path, core::PathKind kind) override;
  void prepare_output(const std::string& path, core::PathKind kind,
                      const std::vector<core::Artifact>& known) override;
  core::Sight look(const std::string& path, core::Look what) override;
  std::string real_path(const std::string& path) override;
  std::vector<core::ListingEntry> list(const std::string& path) override;
  std::optional<std::vector<core::ListingEntry>> recall(const core::ContentId& listing) override;
  core::ContentId keep_listing(const std::vector<core::ListingEntry>& entries) override;
  void protect(const std::string& path, core::PathKind kind) override;
  std::string set_aside(const std::string& path) override;

 private:
  bool touches(const std::string& directory) const;
  bool goes_away(const std::string& path) const;
  bool holds_planned(const std::string& directory) const;
  core::PathState planned_directory(const std::string& path);

  CachedFiles& files_;
  std::map<std::string, core::Artifact> planned_;
  std::map<std::string, std::string> links_;
  std::set<std::string> directories_;
  std::set<std::string> absent_;
  /// A plan is of one moment: what many steps read is asked for once. Of bounded size.
  std::unordered_map<std::string, std::optional<core::PathState>> identified_;
};

}  // namespace provrun::app
