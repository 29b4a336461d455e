# The manual pages.
impasto --man; echo "exit $?"
impasto --man invert; echo "exit $?"
impasto --man help; echo "exit $?"
