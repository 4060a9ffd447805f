#include "kept_answer.hpp"

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"
#include "readable.hpp"

namespace provrun::capture {

namespace {

constexpr std::uint64_t kMostKeptBytes = 16U << 20;
// Younger than this may be the same time as that of a later change, on any file system.
constexpr std::int64_t kOldEnough = 2'000'000'000;

// What tells whether a file is unchanged, in one word.
std::string state_of(const std::string& path) {
  const auto stat = os::stat_file(path);
  if (!stat) return "absent";
  std::string text;
  for (const auto number :
       {stat->device, stat->inode, stat->size, static_cast<std::uint64_t>(stat->mtime_ns),
        static_cast<std::uint64_t>(stat->ctime_ns)})
    text += std::to_string(number) + ".";
  return text;
}

}  // namespace

KeptAnswer::KeptAnswer(const std::string& folder, const codec::Json& question) {
  if (!folder.empty())
    path_ = os::join_path(folder, hash::sha256(question.canonical()).to_hex().substr(0, 32));
}

std::optional<codec::Json> KeptAnswer::find() const {
  if (path_.empty()) return std::nullopt;
  const auto text = read_if_readable(path_, kMostKeptBytes);
  if (!text) return std::nullopt;
  try {
    auto kept = codec::parse_json(*text);
    for (const auto& [path, state] : kept.at("files").as_object())
      if (state_of(path) != state.as_string()) return std::nullopt;
    return kept.at("answer");
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void KeptAnswer::keep(const codec::Json& answer, const std::vector<std::string>& files,
                      base::Timestamp asked) const {
  if (path_.empty()) return;
  try {
    auto states = codec::Json::object();
    for (const auto& path : files) {
      const auto stat = os::stat_file(path);
      if (stat && asked.nanoseconds - stat->ctime_ns < kOldEnough) return;
      states.set(path, state_of(path));
    }
    os::make_directories(os::parent_path(path_), 0700);
    os::write_file_atomically(
        path_, codec::Json::object({{"files", std::move(states)}, {"answer", answer}}).dump(),
        os::Durability::cached, 0600);
  } catch (const base::Error&) {  // it is asked again next time
  }
}

}  // namespace provrun::capture
