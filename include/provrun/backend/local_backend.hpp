#pragma once

#include <list>
#include <mutex>
#include <set>

#include "provrun/backend/backend.hpp"
#include "provrun/os/file.hpp"

namespace provrun::backend {

/// A folder of a POSIX file system, local or shared. Objects are written unnamed (or in "tmp/"
/// where the file system has no unnamed files), synced, and linked to their name with mode 0444;
/// barrier() syncs the directories that changed.
class LocalBackend : public Backend {
 public:
  /// The root need not exist before the first object is published.
  explicit LocalBackend(std::string root);
  ~LocalBackend() override;

  std::string location() const override { return root_; }
  std::unique_ptr<Upload> upload() override;
  bool copy(const std::string& from, const std::string& to) override;
  void barrier() override;
  void rely_on(const std::string& directory) override;
  std::optional<std::uint64_t> size_of(const std::string& name) override;
  void read(const std::string& name, std::uint64_t offset, std::span<std::uint8_t> buffer) override;
  std::vector<std::string> list(const std::string& directory) override;
  bool remove(const std::string& name) override;

 private:
  class LocalUpload;
  std::string path_of(const std::string& name) const;
  void mark_dirty(const std::string& directory);
  template <typename Publish>
  bool publish_as(const std::string& name, const Publish& publish);
  std::shared_ptr<const os::File> open(const std::string& name);

  std::string root_;
  std::mutex dirty_mutex_;
  std::set<std::string> dirty_;  ///< directories, relative to the root, with names not yet synced
  std::set<std::string>
      rooted_;                ///< directories whose own names, up to the root, were synced by us
  std::mutex barrier_mutex_;  ///< a barrier waits for the one before: its syncs count for both
  std::mutex open_mutex_;
  std::list<std::pair<std::string, std::shared_ptr<const os::File>>> open_;  ///< most recent first
};

}  // namespace provrun::backend
