#include <set>

#include "provrun/base/error.hpp"
#include "provrun/snapshot/hold.hpp"
#include "provrun/snapshot/pruner.hpp"
#include "provrun/snapshot/reach.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/forgotten.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/trash.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

using namespace provrun;
using snapshot::Pruner;

namespace {

std::unique_ptr<store::Repository> fresh() {
  return store::Repository::create(std::make_shared<test::MemoryBackend>(), test::small_chunks(),
                                   {});
}

std::string file_of(const snapshot::SnapshotName& name) {
  return name.object_name().substr(10);
}

void forget_for_good(store::Repository& repository, const snapshot::SnapshotName& name) {
  store::forget(repository.backend(), file_of(name), {});
  CHECK(store::expire(repository.backend(), file_of(name)));
}

store::PruneOutcome prune(store::Repository& repository, snapshot::PruneLimits limits = {}) {
  Pruner pruner(repository, limits, Pruner::Mode::prune);
  return store::prune(repository.backend(), pruner);
}

void check_whole(store::Repository& repository) {
  for (const auto& name : snapshot::list_snapshots(repository))
    CHECK(snapshot::verify_snapshot(repository, name).clean());
}

std::string changed(std::string bytes, char letter) {
  bytes[bytes.size() / 2] = letter;
  return bytes;
}

// One chunk, stored as a patch against the chunk of the other bytes, if any.
store::FileContent put_chunk(store::WriteSession& session, const std::string& bytes,
                             const std::string& against = {}) {
  const store::ChunkId base{hash::sha256(against)};
  store::FileContent content;
  content.id.digest = hash::sha256(bytes);
  content.size = bytes.size();
  content.chunks = {
      session.put_object({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                         store::ChunkKind::data, against.empty() ? nullptr : &base)};
  return content;
}

snapshot::SnapshotName commit_file(store::WriteSession& session,
                                   const store::FileContent& content) {
  snapshot::TreeWriter tree(session);
  tree.add(test::file_entry("file", content));
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  manifest.tool_version = "test";
  return snapshot::commit_snapshot(session, manifest);
}
snapshot::SnapshotName commit_chunk(store::Repository& repository, const std::string& bytes,
                                    const std::string& against = {}) {
  const auto session = repository.begin_session();
  return commit_file(*session, put_chunk(*session, bytes, against));
}

int depth_of(store::Repository& repository, const std::string& bytes) {
  const auto copies = repository.index().sound_copies({hash::sha256(bytes)});
  return copies.empty() ? -1 : copies.front().depth;
}

}  // namespace

TEST_CASE("forgetting is undone until it has expired") {
  const auto repository = fresh();
  auto& backend = repository->backend();
  const auto name = test::commit_files(*repository, {{"a", test::random_bytes(3000, 1)}});
  const auto file = file_of(name);
  store::ForgetNote note;
  note.reason = "old";
  for (std::uint64_t time = 1; time <= 2; ++time) {
    CHECK(store::forget(backend, file, note));
    CHECK_FALSE(store::forget(backend, file, {}));
    CHECK(snapshot::list_snapshots(*repository).empty());
    CHECK(store::fate_of(backend, file).times == time);
    CHECK(store::read_roots(backend).size() == 1);
    store::undelete(backend, file);
    CHECK(snapshot::list_snapshots(*repository).size() == 1);
    CHECK_FALSE(store::expire(backend, file));
  }
  CHECK(prune(*repository).removed.empty());
  forget_for_good(*repository, name);
  CHECK(store::read_roots(backend).empty());
  CHECK_THROWS_AS(store::undelete(backend, file), base::Error);
  CHECK_FALSE(prune(*repository).removed.empty());
  CHECK(store::list_packs(backend).empty());
}

TEST_CASE("a forgotten snapshot whose name is still there is not shown, and tidied away") {
  const auto repository = fresh();
  auto& backend = repository->backend();
  const auto name = test::commit_files(*repository, {{"a", "text"}});
  const auto bytes = backend.read_all(name.object_name(), 1 << 20);
  store::forget(backend, file_of(name), {});
  backend.create(name.object_name(), bytes);  // as if the forget had been cut short
  CHECK(snapshot::list_snapshots(*repository).empty());
  store::tidy_forgotten(backend);
  CHECK(backend.list("snapshots").empty());
}

TEST_CASE("prune removes what no snapshot needs, and repacks what is needed in part") {
  const auto repository = fresh();
  auto& backend = repository->backend();
  const auto shared = test::random_bytes(40'000, 1);
  const auto first =
      test::commit_files(*repository, {{"a", shared}, {"b", test::random_bytes(200'000, 2)}});
  test::commit_files(*repository, {{"a", shared}, {"d/c", test::random_bytes(50'000, 3)}});
  forget_for_good(*repository, first);
  {
    Pruner plan(*repository, {.max_unused = 0}, Pruner::Mode::plan);
    plan.propose(store::read_roots(backend), {});
    CHECK(plan.numbers().repacked_packs == 1);
    CHECK(plan.numbers().needed_bytes < plan.numbers().bytes - 190'000);
  }
  CHECK(prune(*repository, {.max_unused = 0, .max_repack = 10}).removed.empty());
  CHECK(prune(*repository, {.max_unused = 0}).removed.size() == 1);
  check_whole(*repository);
  CHECK(prune(*repository, {.max_unused = 0}).removed.empty());
  CHECK(store::empty_trash(backend, {1}, std::chrono::hours(1)).freed_packs == 0);
  CHECK(store::empty_trash(backend, {1}, std::chrono::nanoseconds(0)).freed_packs == 1);
  repository->index().drop_packs(store::removed_packs(backend));
  repository->index().reload();
  for (const auto& pack : repository->index().packs()) CHECK(backend.size_of(pack.object_name()));
  check_whole(*repository);
}

TEST_CASE("what a kept chunk is a patch against is kept, through repacking too") {
  const auto repository = fresh();
  const auto base = test::random_bytes(6000, 1);
  test::commit_files(*repository, {{"other", test::random_bytes(90'000, 2)}});
  {
    // The base lies beside much that nobody will need, so that it must be copied.
    const auto session = repository->begin_session();
    put_chunk(*session, test::random_bytes(50'000, 3));
    commit_file(*session, put_chunk(*session, base));
  }
  commit_chunk(*repository, changed(base, 7), base);
  const auto last = commit_chunk(*repository, changed(base, 8), changed(base, 7));
  REQUIRE(depth_of(*repository, changed(base, 8)) == 2);
  for (const auto& name : snapshot::list_snapshots(*repository))
    if (name.id != last.id) forget_for_good(*repository, name);
  CHECK(prune(*repository, {.max_unused = 0}).removed.size() >= 2);
  store::empty_trash(repository->backend(), {1}, std::chrono::nanoseconds(0));
  repository->index().drop_packs(store::removed_packs(repository->backend()));
  repository->index().reload();
  check_whole(*repository);
  CHECK(depth_of(*repository, changed(base, 8)) == 2);  // copied as it was
}

TEST_CASE("a patch that a prune has left without its base is stored again by whoever needs it") {
  const auto repository = fresh();
  const auto base = test::random_bytes(6000, 1);
  const auto later = changed(base, 7);
  const auto big = test::random_bytes(90'000, 2);
  const auto first = commit_chunk(*repository, base);
  snapshot::SnapshotName second;
  {
    const auto session = repository->begin_session();
    put_chunk(*session, big);
    second = commit_file(*session, put_chunk(*session, later, base));
  }
  REQUIRE(depth_of(*repository, later) == 1);
  commit_chunk(*repository, big);  // keeps the pack of the patch
  forget_for_good(*repository, first);
  forget_for_good(*repository, second);
  CHECK(prune(*repository, {.max_unused = 1}).removed.size() >= 1);
  CHECK_FALSE(repository->has(store::ChunkId{hash::sha256(later)}));
  store::empty_trash(repository->backend(), {1}, std::chrono::nanoseconds(0));
  commit_chunk(*repository, later);
  check_whole(*repository);
  CHECK(depth_of(*repository, later) == 0);
  CHECK(prune(*repository, {.max_unused = 0}).removed.size() >= 1);
  check_whole(*repository);
}

TEST_CASE("a session whose patch lost its base to a prune stores it whole") {
  const auto repository = fresh();
  const auto base = test::random_bytes(6000, 1);
  const auto first = commit_chunk(*repository, base);
  const auto session = repository->begin_session();
  const auto content = put_chunk(*session, changed(base, 7), base);
  const auto other =
      test::open_memory(static_cast<test::MemoryBackend&>(repository->backend()).store());
  forget_for_good(*other, first);
  CHECK(prune(*other).removed.size() == 1);
  commit_file(*session, content);
  check_whole(*other);
  CHECK(depth_of(*other, changed(base, 7)) == 0);
}

TEST_CASE("a session that a prune has fenced looks again and commits all the same") {
  const auto repository = fresh();
  const auto bytes = test::random_bytes(60'000, 1);
  const auto first = test::commit_files(*repository, {{"a", bytes}});
  const auto session = repository->begin_session();
  snapshot::TreeWriter tree(*session);
  tree.add(test::file_entry("a", session->put_bytes(bytes)));
  CHECK(session->statistics().new_chunks == 0);  // it relies on the first snapshot's pack
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  manifest.tool_version = "test";

  const auto other =
      test::open_memory(static_cast<test::MemoryBackend&>(repository->backend()).store());
  forget_for_good(*other, first);
  const auto outcome = prune(*other);
  CHECK(outcome.fenced == 1);
  CHECK(outcome.removed.size() == 1);

  snapshot::commit_snapshot(*session, manifest);
  check_whole(*other);
  CHECK(snapshot::list_snapshots(*other).size() == 1);
}

TEST_CASE("a snapshot that needs what is not there stops a prune") {
  const auto repository = fresh();
  auto& backend = repository->backend();
  test::commit_files(*repository, {{"a", test::random_bytes(60'000, 1)}});
  for (const auto& pack : store::list_packs(backend)) {
    for (const auto& segment : store::list_segments(backend)) backend.remove(segment.object_name());
    backend.remove(pack.object_name());
  }
  repository->index().reload();
  CHECK_THROWS_AS(prune(*repository), base::Error);
  CHECK(backend.list("epochs").size() == 1);
}

TEST_CASE("a file that has the bytes of a tree does not hide the tree") {
  const auto repository = fresh();
  const auto session = repository->begin_session();
  snapshot::TreeWriter tree(*session);
  tree.add(test::file_entry("x", session->put_bytes(test::random_bytes(400, 1))));
  const auto root = tree.finish();
  session->checkpoint();
  const auto bytes = repository->read_chunk(root);
  const std::string text(bytes.begin(), bytes.end());
  // The same bytes as a file stand before the folder that has them as its tree.
  const auto content = session->put_bytes(text);
  REQUIRE(content.chunks.front() == root);
  snapshot::TreeWriter outer(*session);
  outer.add(test::file_entry("a", content));
  outer.add(test::file_entry("b/x", session->put_bytes(test::random_bytes(400, 1))));
  const auto outer_root = outer.finish();
  session->checkpoint();
  snapshot::Reach reach(*repository);
  reach.add(outer_root);
  CHECK(reach.needs({hash::sha256(test::random_bytes(400, 1))}));
}

TEST_CASE("a hold is read as it was written, and is released once") {
  const auto repository = fresh();
  const auto name = test::commit_files(*repository, {{"a", "text"}});
  snapshot::Hold hold;
  hold.id = "0123456789abcdef";
  hold.reason = "audit";
  hold.snapshots = {name.id};
  hold.filter.tags = {"x"};
  snapshot::add_hold(*repository, hold);
  const auto holds = snapshot::list_holds(*repository);
  REQUIRE(holds.size() == 1);
  CHECK(holds[0].to_json() == hold.to_json());
  const auto manifest = snapshot::load_manifest(*repository, name);
  CHECK(snapshot::find_hold(holds, name.id, manifest) == &holds[0]);
  CHECK(snapshot::find_hold(holds, {hash::sha256("other")}, manifest) == nullptr);
  snapshot::release_hold(*repository, "0123", "anna", "done", {});
  CHECK(snapshot::list_holds(*repository).empty());
  CHECK_THROWS_AS(snapshot::release_hold(*repository, "0123", "anna", "", {}), base::Error);
  CHECK_THROWS_AS(snapshot::parse_hold("{}"), base::Error);
}
