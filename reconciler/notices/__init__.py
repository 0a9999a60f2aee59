"""What others are told of a run: which ends of jobs there are to tell, in which words, and how they reach whom."""
