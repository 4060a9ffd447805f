#include "provrun/backend/local_backend.hpp"

#include <atomic>
#include <thread>

#include "provrun/base/error.hpp"
#include "support/catch.hpp"
#include "support/memory_backend.hpp"
#include "support/temporary_folder.hpp"

// One suite for every backend.

using namespace provrun;

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <typename Action>
base::ErrorCode code_of(const Action& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.code();
  }
  return base::ErrorCode::internal;
}

void conform(backend::Backend& backend) {
  // Absent things.
  CHECK_FALSE(backend.size_of("a/b/c"));
  CHECK_FALSE(backend.remove("a/b/c"));
  CHECK(backend.list("a").empty());
  std::uint8_t byte = 0;
  CHECK(code_of([&] { backend.read("a/b/c", 0, {&byte, 1}); }) == base::ErrorCode::not_found);
  CHECK(code_of([&] { backend.read_all("a/b/c", 10); }) == base::ErrorCode::not_found);

  // Create if absent.
  CHECK(backend.create("a/b/c", "first"));
  CHECK_FALSE(backend.create("a/b/c", "second"));
  CHECK(backend.read_all("a/b/c", 10) == "first");
  CHECK(backend.size_of("a/b/c") == 5U);
  CHECK(backend.create("a/empty", ""));
  CHECK(backend.read_all("a/empty", 10).empty());
  CHECK(code_of([&] { backend.read_all("a/b/c", 4); }) == base::ErrorCode::corruption);
  backend.barrier();
  backend.rely_on("a/b");
  backend.rely_on("nowhere");
  backend.barrier();

  // Parts, and beyond the end.
  std::uint8_t part[3];
  backend.read("a/b/c", 1, part);
  CHECK(std::string(part, part + 3) == "irs");
  CHECK(code_of([&] { backend.read("a/b/c", 3, part); }) == base::ErrorCode::corruption);

  // An upload is invisible until it is published, whole, or never.
  {
    const auto upload = backend.upload();
    upload->append(bytes_of("un"));
    CHECK_FALSE(backend.size_of("d"));
    upload->append(bytes_of("seen"));
    CHECK(upload->publish("d"));
  }
  CHECK(backend.read_all("d", 10) == "unseen");
  { backend.upload()->append(bytes_of("given up")); }

  // Second names.
  CHECK(backend.copy("d", "e/f"));
  CHECK_FALSE(backend.copy("a/b/c", "e/f"));
  CHECK(backend.read_all("e/f", 10) == "unseen");
  CHECK(backend.remove("d"));
  CHECK(backend.read_all("e/f", 10) == "unseen");
  CHECK(code_of([&] { backend.copy("d", "g"); }) == base::ErrorCode::not_found);

  CHECK(backend.list("a") == std::vector<std::string>{"b", "empty"});
  CHECK(backend.list("a/b") == std::vector<std::string>{"c"});

  // Of many that create one name at once, one wins.
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> winners{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        if (backend.create("race/" + std::to_string(round), std::to_string(i))) ++winners;
        backend.barrier();
      });
    for (auto& thread : threads) thread.join();
    CHECK(winners == 1);
  }
}

}  // namespace

TEST_CASE("the backend in memory conforms") {
  test::MemoryBackend backend;
  conform(backend);
}

TEST_CASE("the local backend conforms, and leaves nothing beside its objects") {
  const test::TemporaryFolder folder;
  backend::LocalBackend backend(folder / "new/root");
  os::make_directories(folder / "new/root");
  conform(backend);
  CHECK(backend.list("") == std::vector<std::string>{"a", "e", "race", "tmp"});
  CHECK(backend.list("tmp").empty());
  CHECK(os::lstat_file(folder / "new/root/a/b/c")->mode == 0444);
}

TEST_CASE("a local backend that may not write says so") {
  const test::TemporaryFolder folder;
  os::write_file_atomically(folder / "file", "x", os::Durability::cached);
  backend::LocalBackend backend(folder / "file");
  CHECK_THROWS_AS(backend.create("a", "b"), base::Error);
  CHECK(os::read_file(folder / "file") == "x");
}
