#include "provrun/base/error.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

// Failure by counting: the N-th operation on the store fails, and everything after it, for N = 1,
// 2, 3 … until a run succeeds. After each: opens, every acknowledged snapshot is there and whole,
// and the next session works.

using namespace provrun;

namespace {

const test::Files kFirst{{"a", "one"}, {"b/c", test::table_text(8'000, 1)}};
const test::Files kSecond{{"a", "two"}, {"b/c", test::table_text(9'000, 1)}, {"d", "three"}};

void require_whole(const std::shared_ptr<test::MemoryStore>& store,
                   const std::vector<snapshot::SnapshotName>& acknowledged) {
  const auto repository = test::open_memory(store);
  const auto names = snapshot::list_snapshots(*repository);
  for (const auto& name : acknowledged)
    REQUIRE(std::find(names.begin(), names.end(), name) != names.end());
  REQUIRE(names.size() <= acknowledged.size() + 1);  // one more: committed, and not acknowledged
  for (const auto& name : names)
    for (const auto& damage : snapshot::verify_snapshot(*repository, name).damage)
      FAIL(damage.object << ": " << damage.problem);
  REQUIRE(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
  // The next session works, and publishes what the crash left committed and unpublished.
  const auto next = test::commit_files(*repository, kSecond);
  REQUIRE(snapshot::verify_snapshot(*repository, next).clean());
}

template <typename AfterFailure>
void fail_everywhere(base::ErrorCode code, bool only_writes, const AfterFailure& after_failure) {
  for (std::uint64_t n = 1;; ++n) {
    INFO("operation " << n);
    const auto store = std::make_shared<test::MemoryStore>();
    std::vector<snapshot::SnapshotName> acknowledged;
    {
      const auto repository = store::Repository::create(
          std::make_shared<test::MemoryBackend>(store), test::small_chunks(), {});
      // Seven, so that the one that fails has eight index segments to merge.
      for (int i = 0; i < 7; ++i)
        acknowledged.push_back(
            test::commit_files(*repository, {{"a", std::to_string(i)}, kFirst[1]}));
    }
    const auto backend = std::make_shared<test::MemoryBackend>(store);
    bool failed = false;
    if (only_writes) {
      backend->fail_writes_from(n, code);
    } else {
      backend->fail_from(n, code);
    }
    try {
      const auto repository = store::Repository::open(backend, {});
      acknowledged.push_back(test::commit_files(*repository, kSecond));
    } catch (const base::Error& error) {
      REQUIRE(error.code() == code);
      failed = true;
    }
    after_failure(*store, n);
    require_whole(store, acknowledged);
    if (!failed && backend->operations() < n) {
      REQUIRE(n > 60);  // it did count
      return;
    }
  }
}

}  // namespace

TEST_CASE("a kill at any operation loses no acknowledged snapshot") {
  fail_everywhere(base::ErrorCode::failed, false, [](test::MemoryStore&, std::uint64_t) {});
}

TEST_CASE("a power cut at any operation loses no acknowledged snapshot") {
  SECTION("nothing unsynced survives") {
    fail_everywhere(base::ErrorCode::failed, false, [](test::MemoryStore& store, std::uint64_t) {
      store.lose_power([](const std::string&) { return false; });
    });
  }
  SECTION("any part of what is unsynced survives") {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8})
      fail_everywhere(base::ErrorCode::failed, false,
                      [&](test::MemoryStore& store, std::uint64_t n) {
                        test::Numbers numbers(seed * 1000 + n);
                        store.lose_power([&](const std::string&) { return numbers.below(2) == 0; });
                      });
  }
}

TEST_CASE("a full disk at any write loses no acknowledged snapshot") {
  fail_everywhere(base::ErrorCode::no_space, true, [](test::MemoryStore&, std::uint64_t) {});
}

TEST_CASE("a power cut while a repository is created leaves a folder in which one can be created") {
  for (std::uint64_t n = 1;; ++n) {
    const auto store = std::make_shared<test::MemoryStore>();
    const auto backend = std::make_shared<test::MemoryBackend>(store);
    backend->fail_from(n, base::ErrorCode::failed);
    bool failed = false;
    try {
      store::Repository::create(backend, {}, {});
    } catch (const base::Error&) {
      failed = true;
    }
    store->lose_power([](const std::string&) { return false; });
    if (store->objects.contains("config.json")) {
      REQUIRE(store->objects.contains("FORMAT"));
      REQUIRE(store->objects.contains("RESTORE.sh"));
    } else {
      store::Repository::create(std::make_shared<test::MemoryBackend>(store), {}, {});
    }
    require_whole(store, {});
    if (!failed) break;
  }
}

TEST_CASE("a session whose writing failed refuses to commit") {
  const auto store = std::make_shared<test::MemoryStore>();
  const auto backend = std::make_shared<test::MemoryBackend>(store);
  const auto repository = store::Repository::create(backend, test::small_chunks(), {});
  const auto session = repository->begin_session();
  session->put_bytes("abc");
  backend->fail_writes_from(backend->operations() + 1, base::ErrorCode::no_space);
  CHECK_THROWS_AS(session->checkpoint(), base::Error);
  backend->fail_from(0, base::ErrorCode::failed);
  CHECK_THROWS_AS(session->commit("{}"), base::Error);
  CHECK(snapshot::list_snapshots(*repository).empty());
}

TEST_CASE("an error of a source fails only that file") {
  const auto repository =
      store::Repository::create(std::make_shared<test::MemoryBackend>(), test::small_chunks(), {});
  const auto session = repository->begin_session();
  int calls = 0;
  CHECK_THROWS_AS(session->put_stream([&](std::span<std::uint8_t> buffer) -> std::size_t {
    if (++calls > 30) throw base::Error(base::ErrorCode::refused, "cannot read");
    std::fill(buffer.begin(), buffer.end(), static_cast<std::uint8_t>(calls));
    return buffer.size();
  }),
                  base::Error);
  const auto content = session->put_bytes(test::table_text(50'000, 9));
  CHECK(content.id.digest == hash::sha256(test::table_text(50'000, 9)));
  session->checkpoint();
  CHECK(repository->read_content(content, 1 << 20) == test::table_text(50'000, 9));
}
