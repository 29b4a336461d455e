# The help without and with a command, the version, and their exit statuses.
impasto; echo "exit $?"
impasto --help; echo "exit $?"
impasto --version; echo "exit $?"
impasto completion --help; echo "exit $?"
impasto help help; echo "exit $?"
impasto help nothing; echo "exit $?"
