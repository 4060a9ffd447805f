#include "provrun/os/signals.hpp"

#include <csignal>

namespace provrun::os {

namespace {
volatile std::sig_atomic_t interrupt_count = 0;
volatile std::sig_atomic_t interrupt_signal = 0;
volatile std::sig_atomic_t termination_count = 0;
struct sigaction previous[3];
constexpr int kSignals[3] = {SIGINT, SIGTERM, SIGHUP};

void count_signal(int number) {
  interrupt_signal = number;
  interrupt_count = interrupt_count + (number == SIGINT ? 1 : 2);
  if (number != SIGINT) termination_count = termination_count + 1;
}
}  // namespace

InterruptCounter::InterruptCounter() {
  interrupt_count = 0;
  interrupt_signal = 0;
  termination_count = 0;
  struct sigaction action {};
  action.sa_handler = count_signal;  // without SA_RESTART: waits return at once
  for (int i = 0; i < 3; ++i) {
    ::sigaction(kSignals[i], &action, &previous[i]);
    // nohup's choice stays: what was ignored before us is ignored on.
    if (previous[i].sa_handler == SIG_IGN) ::sigaction(kSignals[i], &previous[i], nullptr);
  }
}

InterruptCounter::~InterruptCounter() {
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &previous[i], nullptr);
}

int InterruptCounter::count() const noexcept {
  return interrupt_count;
}
int InterruptCounter::terminations() const noexcept {
  return termination_count;
}
int InterruptCounter::last_signal() const noexcept {
  return interrupt_signal;
}

void ignore_broken_pipes() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
}

}  // namespace provrun::os
