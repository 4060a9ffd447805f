#include "provrun/engine/scheduler.hpp"

#include "support/catch.hpp"

using provrun::engine::Limits;
using provrun::engine::Scheduler;

namespace {

std::vector<std::uint32_t> all_that_start(Scheduler& scheduler) {
  std::vector<std::uint32_t> numbers;
  while (const auto number = scheduler.next()) numbers.push_back(*number);
  return numbers;
}

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("no more start than there is room for, by number") {
  Scheduler scheduler({{"cpus", 3}});
  for (const std::uint32_t number : {5U, 1U, 4U, 2U}) scheduler.add(number, {{"cpus", 1}});
  CHECK(all_that_start(scheduler) == Numbers{1, 2, 4});
  CHECK(scheduler.used("cpus") == 3);
  scheduler.release(2);
  CHECK(all_that_start(scheduler) == Numbers{5});
  CHECK(scheduler.empty());
}

TEST_CASE("small ones pass a big one, but not for ever") {
  Scheduler scheduler({{"cpus", 4}, {"memory", 100}});
  scheduler.add(0, {{"cpus", 1}, {"memory", 60}});
  CHECK(all_that_start(scheduler) == Numbers{0});
  scheduler.add(1, {{"cpus", 1}, {"memory", 80}});
  scheduler.add(2, {{"cpus", 1}});                  // takes nothing that 1 lacks
  scheduler.add(3, {{"cpus", 1}, {"memory", 10}});  // would fit, and would delay 1
  CHECK(all_that_start(scheduler) == Numbers{2});
  scheduler.release(0);
  CHECK(all_that_start(scheduler) == Numbers{1, 3});
}

TEST_CASE("what was lacked once stays kept until the big one starts") {
  Scheduler scheduler({{"cpus", 8}, {"a", 2}, {"b", 2}});
  scheduler.add(0, {{"a", 1}, {"cpus", 1}});
  scheduler.add(1, {{"b", 1}, {"cpus", 1}});
  CHECK(all_that_start(scheduler) == Numbers{0, 1});
  scheduler.add(2, {{"a", 2}, {"b", 2}, {"cpus", 1}});
  CHECK(all_that_start(scheduler).empty());
  scheduler.release(0);                       // it now lacks b alone
  scheduler.add(3, {{"a", 1}, {"cpus", 1}});  // and a is kept for it all the same
  CHECK(all_that_start(scheduler).empty());
  scheduler.release(1);
  CHECK(all_that_start(scheduler) == Numbers{2});
  scheduler.release(2);
  CHECK(all_that_start(scheduler) == Numbers{3});
}

TEST_CASE("one that wants more than there is runs alone") {
  Scheduler scheduler({{"cpus", 2}});
  scheduler.add(0, {{"cpus", 1}});
  scheduler.add(1, {{"cpus", 16}});
  scheduler.add(2, {{"cpus", 1}});
  CHECK(all_that_start(scheduler) == Numbers{0});
  scheduler.release(0);
  CHECK(all_that_start(scheduler) == Numbers{1});
  scheduler.release(1);
  CHECK(all_that_start(scheduler) == Numbers{2});
}

TEST_CASE("what has no limit limits nothing") {
  Scheduler scheduler({{"cpus", 2}});
  scheduler.add(0, {{"cpus", 1}, {"disk", 5}});
  scheduler.add(1, {{"cpus", 1}, {"disk", 5}});
  CHECK(all_that_start(scheduler) == Numbers{0, 1});
  CHECK(scheduler.used("disk") == 0);
}

TEST_CASE("whatever comes and goes, everyone is served and nothing is overbooked") {
  // A hand-turned clock: each that runs takes a number of rounds that depends on it alone.
  Scheduler scheduler({{"cpus", 5}, {"disk", 2}, {"memory", 50}});
  constexpr std::uint32_t kCount = 400;
  std::uint32_t state = 1;
  const auto random = [&](std::uint32_t below) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8U) % below;
  };
  std::vector<Scheduler::Demands> demands;
  for (std::uint32_t i = 0; i < kCount; ++i)
    demands.push_back({{"cpus", 1 + random(5)}, {"disk", random(3)}, {"memory", random(51)}});
  std::uint32_t added = 0;
  std::uint32_t done = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> running;  // rounds left, number
  for (std::uint32_t round = 0; done < kCount; ++round) {
    REQUIRE(round < 10'000);
    for (int i = 0; i < 3 && added < kCount; ++i, ++added) scheduler.add(added, demands[added]);
    for (const auto number : all_that_start(scheduler)) running.emplace_back(1 + random(4), number);
    std::uint64_t cpus = 0;
    for (const auto& [left, number] : running) cpus += demands[number][0].second;
    CHECK(cpus == scheduler.used("cpus"));
    CHECK(cpus <= 5);
    CHECK(scheduler.used("disk") <= 2);
    CHECK(scheduler.used("memory") <= 50);
    std::erase_if(running, [&](auto& one) {
      if (--one.first > 0) return false;
      scheduler.release(one.second);
      ++done;
      return true;
    });
  }
  CHECK(scheduler.used("cpus") == 0);
}
