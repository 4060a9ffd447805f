#include "provrun/exec/local_executor.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "provrun/base/error.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"
#include "slot.hpp"
#include "spare_logs.hpp"

namespace provrun::exec {

struct LocalExecutor::State {
  explicit State(std::string log_directory, trace::FileContents& contents)
      : logs(std::move(log_directory)),
        hasher(contents),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake) throw base::system_error(errno, "cannot wait for processes");
  }

  void wake_up() const noexcept {
    const std::uint64_t one = 1;
    if (::write(wake.fd(), &one, sizeof one) < 0) return;  // already awake
  }

  SpareLogs logs;
  trace::DeferredHasher hasher;
  os::File wake;
  std::mutex mutex;  // guards ended and idle
  std::vector<core::JobResult> ended;
  std::vector<Slot*> idle;
  std::vector<std::unique_ptr<Slot>>
      slots;  // of the caller's thread; the last to be destroyed first
};

LocalExecutor::LocalExecutor(std::string log_directory)
    : own_contents_(std::make_unique<trace::UncachedContents>()),
      state_(std::make_unique<State>(std::move(log_directory), *own_contents_)) {}

LocalExecutor::LocalExecutor(std::string log_directory, trace::FileContents& contents)
    : state_(std::make_unique<State>(std::move(log_directory), contents)) {}

LocalExecutor::~LocalExecutor() = default;

void LocalExecutor::start(core::Job job) {
  auto& state = *state_;
  Slot* slot = nullptr;
  const auto kind = Slot::kind_of(job);
  {
    const std::lock_guard lock(state.mutex);
    const auto found = std::find_if(state.idle.rbegin(), state.idle.rend(), [&](const auto* one) {
      return one->kind() == kind && one->usable();
    });
    if (found != state.idle.rend()) {
      slot = *found;
      state.idle.erase(std::next(found).base());
    }
  }
  if (slot == nullptr) {
    state.slots.push_back(std::make_unique<Slot>(kind, state.logs, state.hasher,
                                                 [&state](Slot& done, core::JobResult result) {
                                                   const std::lock_guard lock(state.mutex);
                                                   state.ended.push_back(std::move(result));
                                                   state.idle.push_back(&done);
                                                   state.wake_up();
                                                 }));
    slot = state.slots.back().get();
  }
  slot->run(std::move(job));
}

std::vector<core::JobResult> LocalExecutor::wait(std::chrono::nanoseconds at_most) {
  auto& state = *state_;
  const auto take = [&] {
    const std::lock_guard lock(state.mutex);
    return std::exchange(state.ended, {});
  };
  auto ended = take();
  if (!ended.empty()) return ended;
  pollfd file{state.wake.fd(), POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  const int n =
      ::poll(&file, 1, static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 3'600'000)));
  if (n < 0 && errno != EINTR) throw base::system_error(errno, "cannot wait for processes");
  std::uint64_t count = 0;
  if (n > 0 && ::read(state.wake.fd(), &count, sizeof count) < 0) return take();
  return take();
}

void LocalExecutor::stop(core::Stop how) {
  for (const auto& slot : state_->slots) slot->stop(how);
}

void LocalExecutor::wake() noexcept {
  state_->wake_up();
}

}  // namespace provrun::exec
