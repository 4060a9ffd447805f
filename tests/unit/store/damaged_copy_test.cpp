#include "provrun/base/error.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"
#include "support/catch.hpp"
#include "support/memory_backend.hpp"
#include "support/temporary_folder.hpp"

using namespace provrun;

namespace {

void spoil_packs(test::MemoryStore& store) {
  for (auto& [name, bytes] : store.objects)
    if (name.starts_with("packs/")) bytes[bytes.size() / 4] ^= 1;
}

store::FileContent put(store::Repository& repository, const std::string& text) {
  const auto session = repository.begin_session();
  auto content = session->put_bytes(text);
  session->checkpoint();
  return content;
}

}  // namespace

TEST_CASE("a copy that was found damaged is stored again, here and in whoever shares the cache") {
  const test::TemporaryFolder cache;
  const auto backend = std::make_shared<test::MemoryBackend>();
  const store::OpenOptions options{cache.path};
  const auto first = store::Repository::create(backend, {}, options);
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i * 7919 % 10'007);
  const auto content = put(*first, text);
  spoil_packs(*backend->store());
  CHECK(first->has_all(content));  // nobody has read it yet
  CHECK_THROWS_AS(first->read_content(content, 1 << 30), base::Error);
  CHECK_FALSE(first->has_all(content));

  const auto second = store::Repository::open(backend, options);
  CHECK_FALSE(second->has_all(content));
  CHECK(put(*second, text) == content);
  CHECK(second->has_all(content));
  CHECK(second->read_content(content, 1 << 30) == text);
  // Without the notes the damage is found again, and the good copy is read all the same.
  const auto stranger = store::Repository::open(backend, {});
  CHECK(stranger->read_content(content, 1 << 30) == text);
}
