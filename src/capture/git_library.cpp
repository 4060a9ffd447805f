#include "git_library.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

void start_library() {
  // Never shut down: other threads may use it, and the process's end is enough.
  static const bool started = [] {
    git_libgit2_init();
    // Reading another user's repository is what a recorder is for; nothing in it is executed.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    return true;
  }();
  static_cast<void>(started);
}

}  // namespace

void check_git(int result, const std::string& what) {
  if (result >= 0) return;
  const git_error* error = git_error_last();
  const std::string cause = error != nullptr && error->message != nullptr ? error->message : "";
  throw base::Error(base::ErrorCode::failed, cause.empty() ? what : what + ": " + cause);
}

GitRepository open_repository(const std::string& directory) {
  start_library();
  git_repository* opened = nullptr;
  const int result = git_repository_open_ext(&opened, directory.c_str(), 0, nullptr);
  GitRepository repository(opened);
  if (result == GIT_ENOTFOUND) {
    // A work tree whose repository was moved away is not the same as none.
    for (std::string folder = directory; !folder.empty(); folder = os::parent_path(folder)) {
      const auto link = os::join_path(folder, ".git");
      if (const auto stat = os::lstat_file(link); stat && stat->type == os::FileType::regular)
        throw base::Error(
            base::ErrorCode::failed,
            "the git repository that " + base::printable(link) + " names is not there");
      if (folder == "/" || folder[0] != '/') break;
    }
    return nullptr;
  }
  check_git(result, "cannot open the git repository");
  if (git_repository_workdir(repository.get()) == nullptr) return nullptr;
  return repository;
}

std::string hex_of(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof text, &id);
}

Deadline::Deadline(const GitOptions& options)
    : limit_(options.time_limit),
      end_(os::steady_now() + options.time_limit),
      cancellation_(options.cancellation) {}

bool Deadline::over() const {
  return (cancellation_ != nullptr && cancellation_->requested()) || os::steady_now() >= end_;
}

std::string Deadline::text() const {
  if (cancellation_ != nullptr && cancellation_->requested()) return "before it was interrupted";
  return "within " + base::format_duration(limit_);
}

}  // namespace provrun::capture
