"""What each apply and destroy leaves for those who ask later: who did what, from which commit, and how it ended."""
