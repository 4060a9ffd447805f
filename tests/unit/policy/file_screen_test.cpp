#include "provrun/policy/file_screen.hpp"

#include <random>

#include "support/catch.hpp"

using namespace provrun;

namespace {

// Made here, so that no scanner takes this file for one with secrets in it.
std::string joined(std::string_view a, std::string_view b) {
  return std::string(a) + std::string(b);
}
const std::string kRandomLetters = "Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg61Xk";
const std::string kGithubToken = joined("gh", "p_" + kRandomLetters.substr(0, 36));
const std::string kAmazonKey = joined("AK", "IAQ7Y2ZK3VWX5T4B6D");
const std::string kPrivateKey =
    joined("-----BEGIN RSA PRIV", "ATE KEY-----\n" + kRandomLetters + kRandomLetters + "\n");
const std::string kSignedToken = joined(
    "eyJ", "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + kRandomLetters);
const std::string kDatabaseUrl =
    joined("postgres://anna:", kRandomLetters.substr(0, 12) + "@db.example.org/x");

std::string found_in(std::string_view bytes) {
  return std::string(policy::find_issued_secret(bytes).value_or("nothing"));
}

}  // namespace

TEST_CASE("what only a secret looks like is found in a file") {
  CHECK(found_in("token = " + kGithubToken + "\n") == "a GitHub token");
  CHECK(found_in(kGithubToken) == "a GitHub token");
  CHECK(found_in("{\"k\":\"" + kAmazonKey + "\"}") == "an AWS access key");
  CHECK(found_in("x\n" + kPrivateKey) == "a private key");
  CHECK(found_in("\"-----BEGIN PRIVATE KEY-----\\n" + kRandomLetters + "\\n\"") == "a private key");
  CHECK(found_in("auth " + kSignedToken) == "a signed web token");
  CHECK(found_in("DSN=" + kDatabaseUrl) == "a URL with a password");
  CHECK(found_in("a=" + joined("xo", "xb-123456789012-1234567890123-" + kRandomLetters)) ==
        "a Slack token");
  CHECK(found_in("a=" + joined("sk", "_live_" + kRandomLetters)) == "a Stripe key");
  CHECK(found_in("{\"log\":\"x\\n" + kGithubToken + "\\n\"}") == "a GitHub token");
  CHECK(found_in("a=" + joined("sk", "-ant-api03-" + kRandomLetters)) == "an API key");
}

TEST_CASE("data that only resembles a secret is none") {
  for (const auto* text : {
           "AKIAQYWERTYASDFGHKLM",                      // a peptide of twenty residues
           "AKIAIOSFODNN7EXAMPLE",                      // of AWS's manual
           "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",  // a placeholder
           "glpat-your-own-token-comes-here",
           "hvs.controller_manager_version2_of_it",
           "sk-estimator-Documentation-Link2-fitted-container",
           "if '-----BEGIN RSA PRIVATE KEY-----' in text: raise ValueError(text)",
           "eyJhbGciOiJIUzI1NiJ9 and eyJ.eyJ.eyJ",
           "https://user:password@example.org/",
           "ftp://anonymous:guest@ftp.example.org/",
           "https://u:$PASSWORD1234@host/",
           "anna@example.org, 12:3456789a@b",
       })
    CHECK(found_in(text) == "nothing");
}

TEST_CASE("a secret is found wherever a file is cut into pieces, and once it is whole") {
  const policy::FileScreen screen({});
  using For = policy::FileScreen::For;
  for (const auto& secret : {kGithubToken, kAmazonKey, kPrivateKey, kSignedToken, kDatabaseUrl}) {
    const std::string text = std::string(40, ' ') + secret + std::string(40, ' ');
    for (std::size_t cut = 40; cut <= 40 + secret.size(); ++cut) {
      // The next piece begins far enough before the cut to see all of it.
      const bool first = screen.find(text.substr(0, cut), For::all, true, false).has_value();
      const bool second = screen.find(text.substr(20), For::all, false, true).has_value();
      CHECK((first || second));
    }
    CHECK(screen.find(text, For::all));
    CHECK_FALSE(screen.find(text, For::declared));
    CHECK(screen.overlap() > secret.size());
  }
  // An id of exactly twenty characters may go on in the next piece.
  CHECK_FALSE(screen.find(kAmazonKey, For::all, true, false));
  // What stands before a piece decides whether a token begins there.
  CHECK_FALSE(screen.find(kGithubToken, For::all, false, true));
}

TEST_CASE("declared values are found first, and also where shapes are allowed") {
  const std::vector<policy::Secret> known{{"API_TOKEN", kGithubToken}};
  const policy::FileScreen screen(known);
  using For = policy::FileScreen::For;
  const auto found = screen.find("t " + kGithubToken, For::declared);
  REQUIRE(found);
  CHECK(found->what == "the secret API_TOKEN");
  CHECK(found->declared);
  CHECK(policy::FileScreen({}).looks_for(For::all));
  CHECK_FALSE(policy::FileScreen({}).looks_for(For::declared));
}

TEST_CASE("random bytes, base64, digits and sequences hold no secrets") {
  std::mt19937_64 random(20);
  const auto text_of = [&](std::string_view alphabet, std::size_t line) {
    std::string text;
    while (text.size() < (4U << 20U)) {
      text += alphabet[random() % alphabet.size()];
      if (line > 0 && text.size() % line == 0) text += '\n';
    }
    return text;
  };
  std::string bytes(16U << 20U, '\0');
  for (auto& c : bytes) c = static_cast<char>(random());
  CHECK(found_in(bytes) == "nothing");
  CHECK(found_in(text_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 76)) ==
        "nothing");
  CHECK(found_in(text_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 0)) ==
        "nothing");
  CHECK(found_in(text_of("0123456789.,-e", 60)) == "nothing");
  CHECK(found_in(text_of("ACDEFGHIKLMNPQRSTVWY", 20)) == "nothing");
}
