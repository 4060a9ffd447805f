#include "provrun/os/stat_many.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "provrun/os/file.hpp"

namespace provrun::os {

namespace {

bool unchanged(int directory, const StatQuestion& question, std::string& path) {
  path.assign(question.path);
  struct stat s {};
  const int flags = question.expected == Expected::same_link ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(directory, path.c_str(), &s, flags) != 0)
    return question.expected == Expected::absent && (errno == ENOENT || errno == ENOTDIR);
  if (question.expected == Expected::absent) return false;
  if (question.expected == Expected::present) return (s.st_mode & S_IFMT) == question.size;
  const auto nanoseconds = [](const timespec& t) {
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
  };
  return s.st_ino == question.inode && s.st_dev == question.device &&
         static_cast<std::uint64_t>(s.st_size) == question.size &&
         nanoseconds(s.st_mtim) == question.mtime_ns && nanoseconds(s.st_ctim) == question.ctime_ns;
}

}  // namespace

std::uint64_t type_bits(const std::string& path) {
  struct stat s {};
  return ::stat(path.c_str(), &s) == 0 ? s.st_mode & S_IFMT : 0;
}

bool all_unchanged(const std::string& directory, const std::vector<StatQuestion>& questions,
                   int threads) {
  const File root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return false;
  std::atomic<bool> same{true};
  const auto check = [&](std::size_t from, std::size_t to) {
    std::string path;
    for (std::size_t i = from; i < to && same.load(std::memory_order_relaxed); ++i)
      if (!unchanged(root.fd(), questions[i], path)) same = false;
  };
  const auto parts = static_cast<std::size_t>(threads < 1 ? 1 : threads);
  std::vector<std::thread> helpers;
  for (std::size_t part = 1; part < parts; ++part)
    helpers.emplace_back(check, questions.size() * part / parts,
                         questions.size() * (part + 1) / parts);
  check(0, questions.size() / parts);
  for (auto& helper : helpers) helper.join();
  return same;
}

}  // namespace provrun::os
