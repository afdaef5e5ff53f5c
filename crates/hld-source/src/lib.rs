//! The outside as the compiler sees it: local files, git, http and Helm repositories, behind a lock file and a cache.
