// Package regression has tests of the program as a whole: each shows that one weakness that
// hostile clients, full disks, dead pipes or mistakes once had an effect on is gone. They
// start the binary and speak to it over sockets, files, signals and its command line only,
// so that the same tests run against any build: PENSTOCK_BINARY names one, without it the
// tree is built. The script .ci/mended runs them against the commit before the fixes,
// where each of them must fail.
//
// The number in a test's name is that of the list in .ci/mended.
package regression
