#include "resume_journal.hpp"

#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/random.hpp"

namespace provrun::snapshot {

namespace {
constexpr std::size_t kBuffer = 1 << 16;
constexpr std::size_t kLongestLine = 8 << 20;
}  // namespace

ResumeJournal::ResumeJournal(std::string directory) : directory_(std::move(directory)) {
  broken_ = directory_.empty();
  if (broken_) return;
  path_ = os::join_path(directory_, os::random_hex(8));
  try {
    if (!os::lstat_file(directory_)) return;
    for (const auto& entry : os::list_directory(directory_)) {
      Earlier earlier{.file = os::open_for_reading(os::join_path(directory_, entry.name))};
      advance(earlier);
      if (!earlier.ended) earlier_.push_back(std::move(earlier));
    }
  } catch (const base::Error&) {
    earlier_.clear();
  }
}

// The next line; a half one at the end, or one that is none, ends the file.
void ResumeJournal::advance(Earlier& earlier) {
  while (true) {
    const auto end = earlier.text.find('\n', earlier.at);
    if (end != std::string::npos) {
      const auto line = std::string_view(earlier.text).substr(earlier.at, end - earlier.at);
      const auto space = line.find(' ');
      earlier.at = end + 1;
      if (space == std::string_view::npos) break;
      try {
        earlier.path = codec::from_base64(line.substr(0, space));
        earlier.line = line.substr(space + 1);
        return;
      } catch (const base::Error&) {
        break;
      }
    }
    earlier.text.erase(0, std::exchange(earlier.at, 0));
    const auto filled = earlier.text.size();
    if (filled > kLongestLine) break;
    earlier.text.resize(filled + kBuffer);
    std::size_t n = 0;
    try {
      n = os::read_some(earlier.file,
                        {reinterpret_cast<std::uint8_t*>(earlier.text.data()) + filled, kBuffer},
                        "journal");
    } catch (const base::Error&) {
      n = 0;
    }
    earlier.text.resize(filled + n);
    if (n == 0) break;
  }
  earlier.ended = true;
}

const Entry* ResumeJournal::find(const std::string& path) {
  found_.reset();
  for (auto& earlier : earlier_) {
    while (!earlier.ended && path_less(earlier.path, path)) advance(earlier);
    if (earlier.ended || earlier.path != path || found_) continue;
    try {
      found_ = parse_entry_line(earlier.line);
    } catch (const base::Error&) {
      earlier.ended = true;
    }
  }
  return found_ ? &*found_ : nullptr;
}

void ResumeJournal::record(const Entry& entry) {
  if (broken_) return;
  pending_.append(codec::to_base64(entry.path)).push_back(' ');
  auto line = entry;
  line.path = "f";
  append_entry_line(pending_, line);
  if (pending_.size() >= kBuffer) flush();
}

void ResumeJournal::flush() {
  if (broken_ || pending_.empty()) return;
  try {
    if (!file_) {
      os::make_directories(directory_, 0700);
      file_ = os::create_new_file(path_);
    }
    os::write_all(file_, pending_, path_);
  } catch (const base::Error&) {
    broken_ = true;
  }
  pending_.clear();
}

}  // namespace provrun::snapshot
