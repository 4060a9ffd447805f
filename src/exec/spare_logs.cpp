#include "spare_logs.hpp"

#include <unistd.h>

#include "provrun/base/format.hpp"

namespace provrun::exec {

SpareLogs::~SpareLogs() {
  for (const auto& log : spare_) ::unlink(log.path.c_str());
}

SpareLogs::Log SpareLogs::take() {
  const std::lock_guard lock(mutex_);
  if (!spare_.empty()) {
    auto log = std::move(spare_.back());
    spare_.pop_back();
    return log;
  }
  auto path = os::join_path(directory_, base::format("{}.log", count_++));
  auto file = os::open_for_appending(path);
  return {std::move(file), std::move(path)};
}

void SpareLogs::give_back(Log log) {
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(log));
}

}  // namespace provrun::exec
