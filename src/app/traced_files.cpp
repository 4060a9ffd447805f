#include "provrun/app/traced_files.hpp"

#include "provrun/base/error.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::app {

struct TracedFiles::Memory {
  db::Database database;
  catalog::State state;
  // Beginning and ending one for each question would cost several times the question.
  std::optional<db::Transaction> view;
  explicit Memory(db::Database opened) : database(std::move(opened)), state(database) {}
};

TracedFiles::TracedFiles(CachedFiles& files, std::string state_file)
    : files_(files), state_file_(std::move(state_file)) {}
TracedFiles::~TracedFiles() = default;

std::optional<core::ContentId> TracedFiles::remembered(const os::FileStat& stat) {
  const std::lock_guard lock(mutex_);
  if (!opened_) {
    opened_ = true;
    if (auto database = catalog::open_state_for_reading(state_file_))
      memory_ = std::make_unique<Memory>(std::move(*database));
  }
  if (!memory_) return std::nullopt;
  if (!memory_->view) memory_->view.emplace(memory_->database, db::Transaction::Kind::read);
  return memory_->state.find_file_ahead(stat);
}

// A view that stays would keep the writer's log from being folded in.
void TracedFiles::rest() {
  const std::lock_guard lock(mutex_);
  if (!memory_) return;
  memory_->view.reset();
  memory_->state.forget_ahead();
}

std::optional<core::ContentId> TracedFiles::known(const os::FileStat& stat) {
  if (auto content = files_.known_content(stat)) return content;
  try {
    auto content = remembered(stat);
    if (content) files_.learn_settled(stat, *content);
    return content;
  } catch (const base::Error&) {
    return std::nullopt;  // a memory that cannot be used: the file is read
  }
}

std::optional<core::ContentId> TracedFiles::read(const std::string& path,
                                                 const os::FileStat& stat) {
  const auto read_at = os::file_clock_now();
  auto content = trace::hash_file(path, stat);
  if (content) files_.learn(stat, *content, read_at, path);
  return content;
}

void TracedFiles::listed(const core::ContentId& content, std::vector<core::ListingEntry> names) {
  const std::lock_guard lock(listings_mutex_);
  listings_.try_emplace(content, std::move(names));
}

std::optional<std::vector<core::ListingEntry>> TracedFiles::listing(
    const core::ContentId& content) {
  const std::lock_guard lock(listings_mutex_);
  const auto found = listings_.find(content);
  return found != listings_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace provrun::app
